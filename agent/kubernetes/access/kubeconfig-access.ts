import { dirname } from 'node:path';
import type { Clock } from '../../../runtime/clock.ts';
import { ConfigError } from '../../../runtime/configuration/config-error.ts';
import { isLoopback } from '../../../runtime/configuration/loopback.ts';
import { parseProxy } from '../../../runtime/network/proxy.ts';
import type { ProxyChoice } from '../../../runtime/network/route.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { type ClientCertificate, createClusterTrust } from './cluster-trust.ts';
import { createExecCredentials, type ExecCredentials } from './exec-plugin.ts';
import { type KubeconfigContext, readKubeconfig } from './kubeconfig.ts';
import { createPemFile, createPemText, type PemSource } from './pem-source.ts';
import { createTokenFile } from './token-file.ts';

interface OpenOptions {
  readonly path: string;
  /** Null for the current one. */
  readonly context: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/**
 * The way that a kubeconfig names. Files that it names are read again when they change, a plugin runs again when what it gave expires; the kubeconfig
 * itself is read once. Throws `ConfigError`.
 */
export function openKubeconfigAccess(options: OpenOptions): ClusterAccess {
  const config = readKubeconfig(options.path, options.context);
  const { cluster, user, path, context, toPath } = config;
  const broken = findMistakes(config);
  if (broken.length > 0) throw new ConfigError(broken.map((words) => `FARHAND_KUBECONFIG: ${words} in ${path}`));

  const plugin = user.exec === undefined ? null : createPlugin(config, options);
  const cert = toSource(user['client-certificate'], user['client-certificate-data'], toPath);
  const key = toSource(user['client-key'], user['client-key-data'], toPath);
  const certificate = (): ClientCertificate | null =>
    cert === null || key === null ? (plugin?.kept?.certificate ?? null) : { cert: cert.read(), key: key.read() };
  const trust = createClusterTrust({
    ca: toSource(cluster['certificate-authority'], cluster['certificate-authority-data'], toPath),
    certificate,
    hasClientCertificate: cert !== null || plugin !== null,
    serverName: cluster['tls-server-name'] ?? null,
    verifies: cluster['insecure-skip-tls-verify'] !== true,
    hints: {
      ca: `name that CA in certificate-authority of the cluster in ${path}`,
      certificate: `client-certificate and client-key of the user in ${path}`,
      serverName: `tls-server-name of the cluster in ${path}`,
    },
  });
  const file = user.tokenFile === undefined ? null : createTokenFile(toPath(user.tokenFile), options);
  const toHeader = async (signal: AbortSignal): Promise<string | null> => {
    const { token, username, password } = user;
    if (file !== null) return `Bearer ${await file.read()}`;
    if (token !== undefined) return `Bearer ${token}`;
    if (username !== undefined) {
      return `Basic ${Buffer.from(`${username}:${password ?? ''}`, 'utf8').toString('base64')}`;
    }
    const got = plugin === null ? null : await plugin.get({ signal });
    return got === null || got.token === null ? null : `Bearer ${got.token}`;
  };
  return {
    server: new URL(cluster.server.replace(/\/+$/, '')),
    cluster: toName(config.clusterName),
    namespace: config.namespace ?? 'default',
    from: `context ${context} of ${path}`,
    proxy: toProxy(cluster['proxy-url']),
    trust,
    async authorize({ signal }) {
      const header = await toHeader(signal);
      return { header, identity: trust.identity() };
    },
    refused() {
      file?.forget();
      plugin?.forget();
    },
  };
}

function findMistakes({ cluster, user }: KubeconfigContext): readonly string[] {
  const broken: string[] = [];
  const server = new URL(cluster.server);
  if (server.protocol === 'http:' && !isLoopback(server.hostname)) {
    broken.push(`expected https:// for a server that is not this machine, got http://${server.host}`);
  }
  if (cluster['proxy-url'] !== undefined && parseProxy(cluster['proxy-url']) === null) {
    broken.push('expected http://HOST:PORT or https://HOST:PORT in proxy-url, got something else');
  }
  if (user['auth-provider'] !== undefined) {
    broken.push('expected a user with a token, a certificate or exec, got auth-provider, which Kubernetes has removed');
  }
  if (user.as !== undefined) broken.push('expected a user that is not another one, got as (impersonation)');
  if (user.exec?.interactiveMode === 'Always') {
    broken.push('expected an exec plugin that needs no terminal, got interactiveMode Always');
  }
  const hasCert = user['client-certificate'] !== undefined || user['client-certificate-data'] !== undefined;
  const hasKey = user['client-key'] !== undefined || user['client-key-data'] !== undefined;
  if (hasCert !== hasKey) broken.push('expected client-certificate and client-key together, got one of them');
  return broken;
}

function createPlugin({ cluster, user, toPath }: KubeconfigContext, options: OpenOptions): ExecCredentials {
  const { exec } = user;
  if (exec === undefined) throw new Error('expected exec');
  const ca = toSource(cluster['certificate-authority'], cluster['certificate-authority-data'], toPath);
  return createExecCredentials({
    plugin: exec,
    cluster: {
      server: cluster.server,
      ...(cluster['tls-server-name'] === undefined ? {} : { 'tls-server-name': cluster['tls-server-name'] }),
      ...(cluster['insecure-skip-tls-verify'] === true ? { 'insecure-skip-tls-verify': true } : {}),
      ...(ca === null ? {} : { 'certificate-authority-data': Buffer.from(ca.read()).toString('base64') }),
      ...(cluster['proxy-url'] === undefined ? {} : { 'proxy-url': cluster['proxy-url'] }),
    },
    environment: options.environment,
    folder: dirname(options.path),
    clock: options.clock,
  });
}

/** What is in the kubeconfig counts before a file that it names, as with kubectl. */
function toSource(
  file: string | undefined,
  data: string | undefined,
  toPath: (file: string) => string,
): PemSource | null {
  if (data !== undefined) return createPemText(Buffer.from(data, 'base64').toString('utf8'));
  return file === undefined ? null : createPemFile(toPath(file));
}

function toProxy(url: string | undefined): ProxyChoice | null {
  const proxy = url === undefined ? null : parseProxy(url);
  return proxy === null ? null : { type: 'proxy', proxy, from: 'proxy-url of the kubeconfig' };
}

/** Names of clusters may be anything, such as an address or an ARN. */
function toName(text: string): string {
  const allowed = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(-63)
    .replace(/^[^A-Za-z0-9]+/, '');
  return allowed === '' ? 'kubernetes' : allowed;
}
