import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createOutlet, type Outlet } from '../../runtime/network/outlet.ts';
import { OutletError } from '../../runtime/network/outlet-error.ts';
import { createOutletFetch } from '../../runtime/network/outlet-fetch.ts';
import { parseProxy } from '../../runtime/network/proxy.ts';
import { noTlsSettings, type TlsSettings } from '../../runtime/network/tls-files.ts';
import { createGrpcTransport } from '../../transports/grpc/grpc-transport.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';

/** A client of ours: dials once, and shows no credential that anybody takes. */
export interface WayOut {
  readonly name: string;
  /** Resolves or rejects as the client does. */
  dial(
    outlet: Outlet,
    at: { readonly isSecure: boolean; readonly host: string; readonly port: number },
  ): Promise<unknown>;
}

const common = { clock: systemClock, limits: defaultLimits, logger: silentLogger };
const nobody = { present: () => Promise.resolve('nobody') };
const { signal } = new AbortController();

export const waysOut: readonly WayOut[] = [
  {
    name: 'websocket',
    async dial(outlet, { isSecure, host, port }) {
      const url = `${isSecure ? 'wss' : 'ws'}://${host}:${port}`;
      await using _channel = await createWebsocketTransport({ ...common, url, outlet }).control.connect(nobody, {
        signal,
      });
    },
  },
  {
    name: 'grpc',
    async dial(outlet, { isSecure, host, port }) {
      const url = `${isSecure ? 'grpcs' : 'grpc'}://${host}:${port}`;
      await using _channel = await createGrpcTransport({ ...common, url, outlet }).control.connect(nobody, { signal });
    },
  },
  {
    name: 'http',
    async dial(outlet, { isSecure, host, port }) {
      const answer = await createOutletFetch(outlet)(`${isSecure ? 'https' : 'http'}://${host}:${port}/readyz`);
      return { status: answer.status, body: await answer.text() };
    },
  },
];

export function outletWith({
  proxy = null,
  ...tls
}: { readonly proxy?: string | null } & Partial<TlsSettings>): Outlet {
  const parsed = proxy === null ? null : parseProxy(proxy);
  if (proxy !== null && parsed === null) throw new TypeError(`expected the URL of a proxy, got ${proxy}`);
  return createOutlet({
    choice: parsed === null ? null : { type: 'proxy', proxy: parsed },
    environment: {},
    tls: { ...noTlsSettings, ...tls },
    logger: silentLogger,
  });
}

/** What a dial failed with: everything that was said, and the code of the way out where it was that. */
export async function failureOf(
  dialled: Promise<unknown>,
): Promise<{ readonly code: string | null; readonly said: string; readonly transportCode: string | null }> {
  try {
    const answer = await dialled;
    return { code: null, said: `it went well: ${JSON.stringify(answer)}`, transportCode: null };
  } catch (error) {
    const words: string[] = [];
    let code: string | null = null;
    for (let cause: unknown = error; cause instanceof Error; { cause } = cause) {
      words.push(cause.message);
      if (cause instanceof OutletError) ({ code } = cause);
    }
    const transportCode = error instanceof Error && 'code' in error ? String(error.code) : null;
    return { code, said: words.join(' | '), transportCode };
  }
}
