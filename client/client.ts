import { type FollowOptions, followLog, waitForEnd } from './follow-log.ts';
import { createOperations, type Job, type OperationRequest, type Operations } from './operations.ts';
import { createSender, readJson, type Sender } from './sender.ts';
import { watchEvents } from './watch-events.ts';

export { allItems, type ListPage, type PageQuery } from './all-items.ts';
export { ApiError, type ApiErrorCode } from './api-error.ts';
export type { FollowNotice, FollowOptions } from './follow-log.ts';
export type * from './operations.ts';
export type { SentRequest } from './sender.ts';

export interface ClientOptions {
  /** Where the hub is: `https://hub.example.org`. In a page that the hub serves: `location.origin`. */
  readonly address: string | URL;
  readonly token: string | null;
  /** How long an answer may take to begin; 30 s when left out. A call may say otherwise. */
  readonly timeoutMs?: number;
  /**
   * How often a call is sent again after no answer, 429 or 5xx, when that can do no harm: reads, and submissions and reruns,
   * which get an `Idempotency-Key` for it. Twice when left out.
   */
  readonly retries?: number;
  readonly fetch?: typeof fetch;
  /** Checks every JSON answer of success. What it returns is what the caller gets; what it throws, too. */
  readonly validate?: (operation: keyof Operations, answer: unknown) => unknown;
}

/** The hub's API: one function for each operation, and what takes several. Everything rejects with `ApiError`, or with the signal's reason. */
export interface Client extends Operations {
  /** Without a slash at the end. */
  readonly address: string;
  /** A job's log as it comes, to the end of the job, whatever happens to the connection. Its return value is the job as it ended. */
  followLog(id: string, options?: FollowOptions): AsyncGenerator<Uint8Array<ArrayBuffer>, Job>;
  /** Resolves with the job once it has ended. Its log is not read. */
  waitForJob(id: string, options?: Pick<FollowOptions, 'signal' | 'patienceMs'>): Promise<Job>;
  /** Any request, such as one that this version has no function for. `path` begins with `/`. */
  readonly send: Sender;
  /** The JSON of an answer that `send` gave. */
  readJson(response: Response): Promise<unknown>;
}

export function createClient(options: ClientOptions): Client {
  const { timeoutMs = 30_000, retries = 2, token, validate = (_operation, answer) => answer } = options;
  const address = String(options.address).replace(/\/+$/, '');
  // Looked up at each call: tests and programs replace it.
  const send = createSender({
    address,
    token,
    timeoutMs,
    retries,
    fetch: options.fetch ?? ((...input) => globalThis.fetch(...input)),
  });
  const operations = createOperations({
    json: async <T>(request: OperationRequest) => {
      const response = await send(withKey(request, retries));
      const answer = await readJson(address, response);
      return (answer === undefined ? answer : validate(request.operation, answer)) as T;
    },
    raw: (request) => send({ ...request, headers: { ...request.headers, accept: '*/*' } }),
    events: (request) => watchEvents(send, request),
  });
  return {
    ...operations,
    address,
    send,
    readJson: (response) => readJson(address, response),
    followLog: (id, follow) => followLog(operations, id, follow),
    waitForJob: (id, wait) => waitForEnd(operations, id, wait),
  };
}

/** A submission that may be sent again has a key, so that it is one job however often it arrives. */
function withKey(request: OperationRequest, retries: number): OperationRequest {
  if (retries === 0 || request.headers === undefined || !('Idempotency-Key' in request.headers)) return request;
  const key = request.headers['Idempotency-Key'] ?? crypto.randomUUID();
  return { ...request, headers: { ...request.headers, 'Idempotency-Key': key } };
}
