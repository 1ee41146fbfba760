import { execa } from 'execa';
import { z } from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import { KubernetesError } from '../kubernetes-error.ts';

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;

/** `exec` of a user in a kubeconfig. Source: Kubernetes documentation, "Authenticating", client-go credential plugins. */
export const ExecPlugin = z.object({
  apiVersion: z.enum(versions),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string().min(1), value: z.string() })).nullish(),
  interactiveMode: z.enum(['Never', 'IfAvailable', 'Always']).nullish(),
  provideClusterInfo: z.boolean().nullish(),
});
export type ExecPlugin = Readonly<z.infer<typeof ExecPlugin>>;

const ExecCredential = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().min(1).optional(),
    clientCertificateData: z.string().min(1).optional(),
    clientKeyData: z.string().min(1).optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
});

/** What a plugin printed. All of it is secret. */
export interface PluginCredential {
  readonly token: string | null;
  readonly certificate: { readonly cert: string; readonly key: string } | null;
  /** Wall time in milliseconds; null where it does not say. */
  readonly expiresAt: number | null;
}

const maxBytes = 1024 * 1024;
const timeoutMs = 60_000;
/** So long before its end a credential is not used any more. */
const leewayMs = 30_000;

/** Runs a credential plugin, once for all who wait for it, and keeps what it printed until that expires. */
export interface ExecCredentials {
  /** Rejects with `KubernetesError` (`credentials`), or with the signal's reason. */
  get(options: { readonly signal: AbortSignal }): Promise<PluginCredential>;
  /** What was got last. */
  readonly kept: PluginCredential | null;
  forget(): void;
}

export function createExecCredentials(options: {
  readonly plugin: ExecPlugin;
  /** What it is told of the cluster where it wants to know. */
  readonly cluster: Readonly<Record<string, string | boolean>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly clock: Clock;
}): ExecCredentials {
  const { clock } = options;
  let kept: PluginCredential | null = null;
  let asked: Promise<PluginCredential> | null = null;
  const isGood = () => kept !== null && (kept.expiresAt === null || clock.now() < kept.expiresAt - leewayMs);
  return {
    get kept() {
      return kept;
    },
    forget() {
      kept = null;
    },
    async get({ signal }) {
      signal.throwIfAborted();
      if (kept !== null && isGood()) return kept;
      asked ??= run(options).finally(() => {
        asked = null;
      });
      const given = Promise.withResolvers<never>();
      const abort = () => given.reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      try {
        const credential = await Promise.race([asked, given.promise]);
        kept = credential;
        return credential;
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
}

async function run(options: Parameters<typeof createExecCredentials>[0]): Promise<PluginCredential> {
  const { plugin, cluster, environment, folder } = options;
  const { command, apiVersion } = plugin;
  const fail = (words: string, cause?: unknown) =>
    new KubernetesError('credentials', `expected a credential from ${command} (exec of the kubeconfig): ${words}`, {
      cause,
    });
  const info = {
    kind: 'ExecCredential',
    apiVersion,
    spec: { interactive: false, ...(plugin.provideClusterInfo === true ? { cluster } : {}) },
  };
  const result = await execa(command, plugin.args ?? [], {
    // As kubectl does: a name with a slash is relative to the kubeconfig.
    cwd: folder,
    env: {
      ...environment,
      ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: timeoutMs,
    maxBuffer: maxBytes,
    killDescendants: true,
    forceKillAfterDelay: 1000,
  });
  if (result.failed) {
    const why = result.timedOut
      ? `it took more than ${timeoutMs / 1000} s`
      : (result.code ?? `it ended with ${result.exitCode ?? result.signal}`);
    throw fail(`${why}${firstLine(result.stderr)}`);
  }
  return readCredential(result.stdout, fail);
}

function readCredential(text: string, fail: (words: string, cause?: unknown) => KubernetesError): PluginCredential {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail('what it printed is no JSON');
  }
  const parsed = ExecCredential.safeParse(value);
  if (!parsed.success) {
    throw fail(`what it printed is no ExecCredential (${parsed.error.issues[0]?.path.join('.')})`);
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = parsed.data.status;
  if ((cert === undefined) !== (key === undefined)) throw fail('it gave a certificate without its key, or a key alone');
  if (token === undefined && cert === undefined) throw fail('it gave neither a token nor a certificate');
  return {
    token: token ?? null,
    certificate: cert === undefined || key === undefined ? null : { cert, key },
    expiresAt: expirationTimestamp === undefined ? null : Date.parse(expirationTimestamp),
  };
}

/** What it said of it; programs like these tell what to do there. */
function firstLine(stderr: string | undefined): string {
  const [line = ''] = (stderr ?? '').trim().split('\n', 1);
  return line === '' ? '' : `: ${line.slice(0, 200)}`;
}
