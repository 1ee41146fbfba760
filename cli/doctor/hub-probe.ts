import { lookup } from 'node:dns/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
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

export function createHubProbe(url: URL): HubProbe {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const base = url.href.replace(/\/+$/, '');

  const addresses = once(() =>
    step(async () => {
      if (isIP(host) !== 0) return [host];
      return (await within(lookup(host, { all: true }))).map(({ address }) => address);
    }),
  );
  const connection = once(() =>
    after(addresses, async () => {
      const begun = performance.now();
      const socket = await open((settle) => connectPlain({ host, port }, settle));
      const address = socket.remoteAddress ?? host;
      socket.destroy();
      return { address, ms: Math.round(performance.now() - begun) };
    }),
  );
  const tls = once(() => after(connection, () => handshake(host, port)));
  const ready = isTls ? tls : connection;
  const readiness = once(() =>
    after<unknown, { answer: HttpAnswer; asked: number; answered: number }>(ready, async () => {
      const asked = Date.now();
      const answer = await exchange(new URL(`${base}/readyz`), { timeoutMs: stepMs });
      return { answer, asked, answered: Date.now() };
    }),
  );
  const upgrade = once(() =>
    after<unknown, HttpAnswer>(ready, () =>
      exchange(new URL(`${base}/v1/control`), {
        timeoutMs: stepMs,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.from('farhand-doctor-1').toString('base64'),
          'sec-websocket-protocol': 'cloudevents.json',
        },
      }),
    ),
  );
  const speaksOtherWay = once(async () => {
    try {
      if (isTls) {
        const answer = await exchange(new URL(`http://${url.hostname}:${port}/readyz`), { timeoutMs: stepMs });
        return readProblem(answer)?.code !== 'tls-needed';
      }
      await handshake(host, port);
      return true;
    } catch {
      return false;
    }
  });
  return { url, host, port, addresses, connection, tls, readiness, upgrade, speaksOtherWay };
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
    return { type: 'failed', code: toCode(error), message: toMessage(error) };
  }
}

async function after<Before, T>(before: () => Promise<Step<Before>>, action: () => Promise<T>): Promise<Step<T>> {
  return (await before()).type === 'done' ? step(action) : { type: 'skipped' };
}

async function handshake(host: string, port: number): Promise<TlsOutcome> {
  const socket = await open((settle) =>
    connectTls({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) }, settle),
  );
  const { authorizationError } = socket;
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  const said: unknown = authorizationError;
  return { certificate, code: typeof said === 'string' ? said : said instanceof Error ? toCode(said) : null };
}

/** Resolves with the socket once it is connected; on failure nothing is left of it. */
function open<S extends Socket>(start: (settle: () => void) => S): Promise<S> {
  return new Promise((resolve, reject) => {
    const socket = start(() => {
      clearTimeout(timer);
      resolve(socket);
    });
    const timer = setTimeout(() => socket.destroy(overdue()), stepMs);
    socket.on('error', (error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      reject(Object.assign(new Error('the connection was closed at once'), { code: 'ECONNRESET' }));
    });
  });
}

/** What cannot be called off is no longer waited for. */
async function within<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(overdue()), stepMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function overdue(): Error {
  return Object.assign(new Error(`no answer within ${stepMs / 1000} s`), { code: 'ETIMEDOUT' });
}

function toCode(error: unknown): string {
  if (error instanceof AggregateError) return toCode(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** An attempt at several addresses fails with an error whose own message is empty. */
function toMessage(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(toMessage).join('; ');
  return error instanceof Error ? error.message : String(error);
}
