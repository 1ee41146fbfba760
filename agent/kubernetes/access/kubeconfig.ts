import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '../../../runtime/configuration/config-error.ts';
import { ExecPlugin } from './exec-plugin.ts';

const Text = z.string().min(1);

const Cluster = z.object({
  server: z.url({ protocol: /^https?$/ }),
  'certificate-authority': Text.optional(),
  'certificate-authority-data': Text.optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': Text.optional(),
  'proxy-url': Text.optional(),
});
export type KubeconfigCluster = Readonly<z.infer<typeof Cluster>>;

const User = z.object({
  token: Text.optional(),
  tokenFile: Text.optional(),
  'client-certificate': Text.optional(),
  'client-certificate-data': Text.optional(),
  'client-key': Text.optional(),
  'client-key-data': Text.optional(),
  username: Text.optional(),
  password: Text.optional(),
  exec: ExecPlugin.optional(),
  'auth-provider': z.unknown().optional(),
  as: Text.optional(),
});
export type KubeconfigUser = Readonly<z.infer<typeof User>>;

const Named = z.looseObject({ name: z.string() });

function named(key: 'cluster' | 'user' | 'context') {
  const items = z.array(Named).nullish();
  return items.transform((list) => new Map((list ?? []).map((item) => [item.name, item[key]])));
}

/** What is chosen alone is read strictly: a mistake in another context is none of ours. */
const Kubeconfig = z.object({
  'current-context': z.string().optional(),
  clusters: named('cluster'),
  users: named('user'),
  contexts: named('context'),
});

const Context = z.object({ cluster: Text, user: Text.optional(), namespace: Text.optional() });

/** One context of a kubeconfig, with the cluster and the user that it names. Source: Kubernetes, `client-go/tools/clientcmd/api/v1`. */
export interface KubeconfigContext {
  readonly path: string;
  readonly context: string;
  readonly clusterName: string;
  readonly namespace: string | null;
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
  /** Of a file that is named in it: relative to the kubeconfig. */
  toPath(file: string): string;
}

/** Throws `ConfigError` with what is wrong with it. Values never get into the message: they may be secrets. */
export function readKubeconfig(path: string, chosen: string | null): KubeconfigContext {
  const fail = (words: string) => new ConfigError([`FARHAND_KUBECONFIG: expected ${words} in ${path}`]);
  const file = read(path);
  const config = check(Kubeconfig, file, (faults) => fail(`a kubeconfig (${faults})`));
  const context = chosen ?? config['current-context'] ?? '';
  if (!config.contexts.has(context)) {
    const names = [...config.contexts.keys()].join(', ');
    throw new ConfigError([
      `FARHAND_KUBERNETES_CONTEXT: expected one of the contexts in ${path} (${names === '' ? 'there is none' : names}), got ${context === '' ? 'none, and the file has no current-context' : context}`,
    ]);
  }
  const {
    cluster: clusterName,
    user: userName,
    namespace,
  } = check(Context, config.contexts.get(context), (faults) => fail(`a context ${context} with a cluster (${faults})`));
  const cluster = check(Cluster, config.clusters.get(clusterName), (faults) =>
    fail(`a cluster ${clusterName} (${faults})`),
  );
  const user = check(User, userName === undefined ? {} : config.users.get(userName), (faults) =>
    fail(`a user ${userName} (${faults})`),
  );
  const toPath = (name: string) => resolve(dirname(path), name);
  return { path, context, clusterName, namespace: namespace ?? null, cluster, user, toPath };
}

function read(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `FARHAND_KUBECONFIG: expected a kubeconfig that can be read, got ${path} (${said}); in a pod set FARHAND_KUBERNETES=in-cluster`,
    ]);
  }
  try {
    return parseYaml(text);
  } catch {
    // What the parser says shows lines of the file, and those may be secrets.
    throw new ConfigError([`FARHAND_KUBECONFIG: expected YAML or JSON in ${path}, and it is none`]);
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, fail: (faults: string) => Error): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const places = result.error.issues.slice(0, 5).map(({ path, code }) => `${path.join('.') || 'it'}: ${code}`);
  throw fail(places.join(', '));
}
