import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openClosedNetwork } from './closed-network.ts';
import type { Environment } from './farhand-process.ts';
import { type FaultCertificates, makeFaultCertificates } from './fault-certificates.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import type { FaultWay } from './fault-way.ts';
import type { CertificateFiles } from './https-call.ts';
import { whyNoProxy } from './why-no-proxy.ts';

/** What is between the agents of a place and its hub, besides the line of each. */
export interface FaultRoute extends AsyncDisposable {
  /** Null where everything is said in the open. */
  readonly certificates: FaultCertificates | null;
  /** Null where agents go straight. */
  readonly proxy: FaultProxy | null;
  /** Where the line of an agent listens. */
  readonly lineHost: string;
  readonly hubEnvironment: Environment;
  /** For the agent of this name, whose line has this port. */
  toAgent(name: string, linePort: number): Promise<AgentRoute>;
}

export interface AgentRoute {
  readonly environment: Environment;
  /** What is started instead of farhand; undefined for farhand itself. */
  readonly program: string | undefined;
  readonly files: CertificateFiles | null;
}

const loopback = '127.0.0.1';
const schemes = { websocket: { none: 'ws', mutual: 'wss' }, grpc: { none: 'grpc', mutual: 'grpcs' } } as const;

/** `folder` gets the certificates. Rejects where there is no squid, or no network can be made, and the way asks for them. */
export async function openFaultRoute({ transport, tls, proxy: wanted }: FaultWay, folder: string): Promise<FaultRoute> {
  await using opened = new AsyncDisposableStack();
  const network = wanted === 'squid' ? openClosedNetwork() : null;
  if (wanted === 'squid' && network === null)
    throw new Error(`FAULT_PROXY=squid: ${whyNoProxy() ?? 'no network was made'}`);
  if (network !== null) opened.use(network);
  const proxy = network === null ? null : opened.use(await startFaultProxy(network.door));
  const lineHost = network?.outside ?? loopback;
  const certificates =
    tls === 'none' ? null : await makeFaultCertificates(folder, [...new Set(['localhost', loopback, lineHost])]);
  const proxyFile = join(folder, 'proxy-url');
  if (proxy !== null) await writeFile(proxyFile, `${proxy.url}\n`);
  const disposables = opened.move();
  return {
    certificates,
    proxy,
    lineHost,
    hubEnvironment:
      certificates === null ? {} : { ...toVariables(certificates.hub), FARHAND_TLS_CLIENT_CA: certificates.ca },
    async toAgent(name, linePort) {
      const files = (await certificates?.makeAgent(name)) ?? null;
      return {
        files,
        program: network?.program,
        environment: {
          FARHAND_HUB_URL: `${schemes[transport][tls]}://${lineHost}:${linePort}`,
          ...(certificates === null ? {} : { FARHAND_TLS_CA: certificates.ca }),
          ...(files === null ? {} : toVariables(files)),
          ...(proxy === null ? {} : { FARHAND_PROXY_FILE: proxyFile }),
          ...network?.environment,
        },
      };
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

function toVariables({ certificate, key }: CertificateFiles): Environment {
  return { FARHAND_TLS_CERT: certificate, FARHAND_TLS_KEY: key };
}
