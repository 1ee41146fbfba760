import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Destination } from '../../runtime/network/destination.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import { OutletError } from '../../runtime/network/outlet-error.ts';
import { fromOutletError } from '../from-outlet-error.ts';
import { TransportError } from '../transport-error.ts';
import { fromDialError, type HttpAnswer } from './errors.ts';

/** How much of an answer that is no websocket is read, for its message. */
const maxAnswerBytes = 8 * 1024;

export interface HandshakeOptions<T> {
  readonly url: string;
  readonly subprotocol: string;
  readonly authorization: string;
  readonly maxMessageBytes: number;
  readonly outlet: Outlet;
  /** Of the URL. */
  readonly destination: Destination;
  /** Frames go out with a mask of zeros, which costs nothing at both ends. */
  readonly plainFrames: boolean;
  readonly signal: AbortSignal;
  /** Called in the tick in which the websocket opens. */
  readonly onOpen: (websocket: WebSocket, socket: Socket) => T;
}

export type HandshakeOutcome<T> =
  | { readonly type: 'opened'; readonly value: T }
  | { readonly type: 'answered'; readonly answer: HttpAnswer };

/**
 * One HTTP request for a websocket. Settles when the websocket is open, or when nothing is left of the attempt.
 * Rejects with `TransportError` (`unreachable`, `refused`, or `aborted` when the signal ended it).
 */
export async function handshake<T>(options: HandshakeOptions<T>): Promise<HandshakeOutcome<T>> {
  const { url, outlet, destination, signal } = options;
  if (signal.aborted) throw givenUp(url);
  try {
    const connection = await outlet.open(destination, { signal });
    return await upgrade(connection, options);
  } catch (error) {
    throw error instanceof OutletError ? fromOutletError(error, url) : error;
  }
}

/** Rejects with `TransportError`, or with `OutletError` where that says more. */
function upgrade<T>(connection: Socket, options: HandshakeOptions<T>): Promise<HandshakeOutcome<T>> {
  const { url, outlet, destination, signal } = options;
  return new Promise((resolve, reject) => {
    const websocket = new WebSocket(url, [options.subprotocol], {
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes,
      headers: { authorization: options.authorization },
      createConnection: () => connection,
      ...(options.plainFrames ? { generateMask: (mask: Buffer) => mask.fill(0) } : {}),
    });
    let answer: HttpAnswer | undefined;
    let failure: Error | undefined;

    const abort = () => {
      failure = givenUp(url);
      websocket.terminate();
    };
    const onError = (error: Error) => {
      failure ??= outlet.explain(error, destination) ?? fromDialError(error, url);
    };
    const onClose = () => {
      signal.removeEventListener('abort', abort);
      if (answer !== undefined && !signal.aborted) resolve({ type: 'answered', answer });
      else reject(failure ?? new TransportError('unreachable', `the connection to ${url} ended in the handshake`));
    };

    websocket.on('error', onError);
    websocket.on('close', onClose);
    websocket.on('upgrade', ({ socket }) => {
      websocket.on('open', () => {
        signal.removeEventListener('abort', abort);
        websocket.off('error', onError);
        websocket.off('close', onClose);
        resolve({ type: 'opened', value: options.onOpen(websocket, socket) });
      });
    });
    websocket.on('unexpected-response', (_request, response) => {
      readAnswer(response, (read) => {
        answer = read;
        websocket.terminate();
      });
    });
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  });
}

function givenUp(url: string): TransportError {
  return new TransportError('aborted', `the dial to ${url} was given up`);
}

/** Calls `done` once, with as much of the answer as came. */
function readAnswer(response: IncomingMessage, done: (answer: HttpAnswer) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let finished = false;
  const finish = () => {
    if (finished) return;
    finished = true;
    const body = Buffer.concat(chunks).subarray(0, maxAnswerBytes).toString('utf8');
    done({ status: response.statusCode ?? 0, headers: response.headers, body });
  };
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxAnswerBytes) finish();
  });
  response.on('end', finish);
  response.on('error', finish);
  response.on('close', finish);
}
