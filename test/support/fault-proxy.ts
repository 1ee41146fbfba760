import { createRealProxy, isMissing, type RealProxy } from './real-proxy.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** The squid that leads the agents of a fault place out of their network. */
export interface FaultProxy
  extends Pick<RealProxy, 'port' | 'start' | 'kill' | 'pause' | 'resume' | 'log'>,
    AsyncDisposable {
  /** As FARHAND_PROXY. */
  readonly url: string;
  /** The line from agents to it. */
  readonly line: TcpProxy;
  /** True from `start` on; false from `kill` on. */
  readonly isUp: boolean;
}

/** Longer than any run. */
const idleSeconds = 24 * 3_600;
const login = { user: 'jane', password: 'p@ss:w/rd-ü' };

/** `host`: where agents reach it. It is started. */
export async function startFaultProxy(host: string): Promise<FaultProxy> {
  const missing = isMissing('squid');
  if (missing !== false) throw new Error(`FAULT_PROXY=squid: ${missing}`);
  await using opened = new AsyncDisposableStack();
  const squid = opened.use(await createRealProxy({ kind: 'squid', host: '127.0.0.1', login, idleSeconds }));
  const line = opened.use(await startTcpProxy(squid.port, { host }));
  await squid.start();
  let isUp = true;
  const disposables = opened.move();
  return {
    ...squid,
    url: `http://${login.user}:${encodeURIComponent(login.password)}@${host}:${line.port}`,
    line,
    get isUp() {
      return isUp;
    },
    async start() {
      await squid.start();
      isUp = true;
    },
    async kill() {
      isUp = false;
      await squid.kill();
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}
