import { lookup } from 'node:dns/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { awaitSocket } from '../../runtime/network/await-socket.ts';
import { type Destination, toDestination } from '../../runtime/network/destination.ts';
import { noFirstHop, type Outlet, toFirstHop } from '../../runtime/network/outlet.ts';
import { OutletError } from '../../runtime/network/outlet-error.ts';
import type { Route } from '../../runtime/network/route.ts';
import { toSystemCode, toSystemWords } from '../../runtime/network/system-words.ts';
import { exchange, type HttpAnswer } from './http-exchange.ts';
import { readProblem } from './hub-answer.ts';

/** How long each step may take. */
const stepMs = 4_000;

/** What a step found. A step after one that failed is `skipped`. */
export type Step<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'skipped' };

export interface TlsOutcome {
  readonly certificate: PeerCertificate;
  /** What the check of the certificate said; null when it was content. */
  readonly code: string | null;
}

/** Looks at the way to a hub, step by step, each at most once however many ask. Sends no secret, and never rejects. */
export interface HubProbe {
  /** `http:` or `https:`, with the path that the hub is served under. */
  readonly url: URL;
  readonly host: string;
  readonly port: number;
  /** What its certificate must be for. */
  readonly name: string;
  readonly route: Route;
  /** Of the hub, or of the proxy on the way to it. */
  addresses(): Promise<Step<readonly string[]>>;
  connection(): Promise<Step<{ readonly address: string; readonly ms: number }>>;
  /** Only for https. */
  tls(): Promise<Step<TlsOutcome>>;
  /** `GET /readyz`, with the times just before and after. */
  readiness(): Promise<Step<{ readonly answer: HttpAnswer; readonly asked: number; readonly answered: number }>>;
  /** A request for the control channel's websocket, without a credential. */
  upgrade(): Promise<Step<HttpAnswer>>;
  /** Whether that port, dialled the other way (TLS for plaintext, and the reverse), would answer. */
  speaksOtherWay(): Promise<boolean>;
}

export function createHubProbe(url: URL, outlet: Outlet): HubProbe {
  const destination = toDestination(url, ['http/1.1']);
  const { host, port, protocols } = destination;
  const route = outlet.routeTo(destination);
  const base = url.href.replace(/\/+$/, '');

  /** A stream to the hub that nobody secured. */
  const reach = () => within((signal) => reachPlain(outlet, { route, destination, signal }));
  const addresses = once(() =>
    step(async () => {
      const { host: hop } = toFirstHop(route, destination);
      if (isIP(hop) !== 0) return [hop];
      return (await within(() => lookup(hop, { all: true }))).map(({ address }) => address);
    }),
  );
  const connection = once(() =>
    after(addresses, async () => {
      const begun = performance.now();
      const socket = await reach();
      const address = socket.remoteAddress ?? host;
      socket.destroy();
      return { address, ms: Math.round(performance.now() - begun) };
    }),
  );
  const tls = once(() =>
    after(connection, async (): Promise<TlsOutcome> => {
      try {
        const socket = await within((signal) => outlet.open(destination, { signal }));
        const certificate = (socket as TLSSocket).getPeerCertificate();
        socket.destroy();
        return { certificate, code: null };
      } catch (error) {
        if (!(error instanceof OutletError) || !error.code.startsWith('certificate-')) throw error;
        const socket = await trustAnybody(await reach(), outlet.nameOf(destination));
        const certificate = socket.getPeerCertificate();
        socket.destroy();
        return { certificate, code: toSystemCode(error.cause) };
      }
    }),
  );
  const ready = protocols === null ? connection : tls;
  /** Whoever is told that a certificate does not hold wants to know what lies behind, too: no secret goes this way. */
  const openAnyhow = async () => {
    if (protocols === null) return reach();
    const outcome = await tls();
    if (outcome.type === 'done' && outcome.value.code !== null) {
      return trustAnybody(await reach(), outlet.nameOf(destination));
    }
    return within((signal) => outlet.open(destination, { signal }));
  };
  const ask = async (path: string, headers: Readonly<Record<string, string>>) =>
    exchange(new URL(`${base}${path}`), { connection: await openAnyhow(), headers, timeoutMs: stepMs });
  const readiness = once(() =>
    after<unknown, { answer: HttpAnswer; asked: number; answered: number }>(ready, async () => {
      const asked = Date.now();
      const answer = await ask('/readyz', {});
      return { answer, asked, answered: Date.now() };
    }),
  );
  const upgrade = once(() =>
    after<unknown, HttpAnswer>(ready, () =>
      ask('/v1/control', {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.from('farhand-doctor-1').toString('base64'),
        'sec-websocket-protocol': 'cloudevents.json',
      }),
    ),
  );
  const speaksOtherWay = once(async () => {
    try {
      const plain = await reach();
      if (protocols === null) (await trustAnybody(plain, host)).destroy();
      else {
        const answer = await exchange(new URL(`${base}/readyz`), { connection: plain, timeoutMs: stepMs });
        // A hub with TLS says so to who comes without.
        return readProblem(answer)?.code !== 'tls-needed';
      }
      return true;
    } catch {
      return false;
    }
  });
  const name = outlet.nameOf(destination);
  return { url, host, port, name, route, addresses, connection, tls, readiness, upgrade, speaksOtherWay };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function step<T>(action: () => Promise<T>): Promise<Step<T>> {
  try {
    return { type: 'done', value: await action() };
  } catch (error) {
    return {
      type: 'failed',
      code: error instanceof OutletError ? error.code : toSystemCode(error),
      message: toSystemWords(error),
    };
  }
}

async function after<Before, T>(before: () => Promise<Step<Before>>, action: () => Promise<T>): Promise<Step<T>> {
  return (await before()).type === 'done' ? step(action) : { type: 'skipped' };
}

async function reachPlain(
  outlet: Outlet,
  {
    route,
    destination,
    signal,
  }: { readonly route: Route; readonly destination: Destination; readonly signal: AbortSignal },
): Promise<Socket> {
  const socket = connectPlain(toFirstHop(route, destination));
  try {
    await awaitSocket(socket, { event: 'connect', signal });
  } catch (error) {
    throw route.type === 'proxy' && !signal.aborted ? noFirstHop(route, destination, error) : error;
  }
  return outlet.proceed(socket, { route, destination: { ...destination, protocols: null }, signal });
}

/** TLS with whoever is there: to look at a certificate, and for what is no secret. */
async function trustAnybody(socket: Socket, name: string): Promise<TLSSocket> {
  const servername = isIP(name) === 0 ? name : '';
  const secured = connectTls({ socket, servername, rejectUnauthorized: false });
  try {
    return await within((signal) => awaitSocket(secured, { event: 'secureConnect', signal }));
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** What cannot be called off is no longer waited for. */
async function within<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.abort(overdue());
    tooLate.reject(overdue());
  }, stepMs);
  try {
    return await Promise.race([act(late.signal), tooLate.promise]);
  } catch (error) {
    throw late.signal.aborted ? overdue() : error;
  } finally {
    clearTimeout(timer);
  }
}

function overdue(): Error {
  return Object.assign(new Error(`no answer within ${stepMs / 1000} s`), { code: 'ETIMEDOUT' });
}
