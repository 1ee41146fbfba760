import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from './certificates.ts';

export interface FakeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Watch {
  readonly prefix: string;
  readonly selector: string | null;
  readonly response: ServerResponse;
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly path: string;
  readonly object: FakeObject;
}

/** Answers instead of the server; false where it does not. */
export type Interception = (request: SeenRequest, response: ServerResponse) => boolean;

export function answerStatus(
  response: ServerResponse,
  status: number,
  body: { readonly reason?: string; readonly message?: string; readonly details?: object },
  headers: Readonly<Record<string, string>> = {},
): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, ...body }));
  return true;
}

/** An API server over https that keeps any objects by their path, with lists in pages, watches, and everything that may go wrong with them. */
export class FakeKubernetes implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'farhand-kube-'));
  readonly #authority = createAuthority(this.#folder);
  readonly #certificate = this.#authority.issue({ names: 'DNS:localhost,IP:127.0.0.1', days: 30 });
  readonly #objects = new Map<string, FakeObject>();
  readonly #watches = new Set<Watch>();
  readonly #sockets = new Set<Socket>();
  #history: Change[] = [];
  #version = 100;
  /** Watches from before it are answered 410. */
  #compactedAt = 0;
  #server: ReturnType<typeof createServer> | null = null;
  #port = 0;
  readonly requests: SeenRequest[] = [];
  readonly token = 'sesame';
  /** Connections that were made. */
  connections = 0;
  pageSize = Number.POSITIVE_INFINITY;
  intercept: Interception = () => false;

  static async start(): Promise<FakeKubernetes> {
    const server = new FakeKubernetes();
    await server.resume();
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  get caPath(): string {
    return this.#authority.path;
  }

  get folder(): string {
    return this.#folder;
  }

  get ca(): string {
    return readFileSync(this.#authority.path, 'utf8');
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** Everything is cut, and nobody listens. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    this.#watches.clear();
    await closed;
  }

  /** Listens again, at the same port, and remembers its objects. */
  async resume(): Promise<void> {
    const server = createServer({ ...this.#certificate, requestCert: true, rejectUnauthorized: false });
    server.on('secureConnection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    server.on('request', (request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve) => void server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    this.#server = server;
  }

  /** Makes or changes an object; `path` is its whole path. */
  put(path: string, fields: { readonly labels?: Readonly<Record<string, string>>; readonly [key: string]: unknown }) {
    const before = this.#objects.get(path);
    const { labels = {}, ...rest } = fields;
    this.#version += 1;
    const words = path.split('/');
    const at = words.indexOf('namespaces');
    const namespace = at === -1 ? {} : { namespace: words[at + 1] ?? '' };
    const name = words.at(-1) ?? '';
    const uid = before?.metadata.uid ?? `uid-${this.#version}`;
    const metadata = { name, ...namespace, uid, resourceVersion: String(this.#version), labels };
    const object = { ...rest, metadata };
    this.#objects.set(path, object);
    this.#tell({ version: this.#version, type: before === undefined ? 'ADDED' : 'MODIFIED', path, object });
    return object;
  }

  remove(path: string): FakeObject | null {
    const before = this.#objects.get(path);
    if (before === undefined) return null;
    this.#objects.delete(path);
    this.#version += 1;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.#version) } };
    this.#tell({ version: this.#version, type: 'DELETED', path, object });
    return object;
  }

  /** What happened so far is known no more. */
  compact(): void {
    this.#history = [];
    this.#compactedAt = this.#version;
  }

  /** So much later nothing happened. */
  bookmark(): void {
    this.#version += 1;
    for (const { response } of this.#watches) {
      const object = { metadata: { resourceVersion: String(this.#version) } };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Sends it in each watch as it is. */
  writeToWatches(text: string): void {
    for (const { response } of this.#watches) response.write(text);
  }

  /** In order, as when the server's time for them is over. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end();
    this.#watches.clear();
  }

  /** In the middle of whatever is under way. */
  cutWatches(): void {
    for (const { response } of this.#watches) response.socket?.destroy();
    this.#watches.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #tell(change: Change): void {
    this.#history.push(change);
    for (const watch of this.#watches) this.#write(watch, change);
  }

  #write({ prefix, selector, response }: Watch, { type, path, object }: Change): void {
    if (!isIn(path, prefix) || !isSelected(object, selector)) return;
    response.write(`${JSON.stringify({ type, object })}\n`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array[] = [];
    try {
      for await (const part of request) parts.push(part as Uint8Array);
    } catch {
      return;
    }
    const url = new URL(request.url ?? '/', this.url);
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(parts).toString('utf8'),
    };
    this.requests.push(seen);
    if (this.intercept(seen, response)) return;
    if (seen.headers.authorization !== `Bearer ${this.token}`) {
      answerStatus(response, 401, { reason: 'Unauthorized', message: 'Unauthorized' });
    } else this.#answer(seen, response);
  }

  #answer({ method, path, query, body }: SeenRequest, response: ServerResponse): void {
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (path === '/version') return json(200, { major: '1', minor: '35', gitVersion: 'v1.35.4' });
    if (path.endsWith('/selfsubjectaccessreviews')) return json(201, { status: { allowed: true } });
    if (method === 'POST') {
      const given = JSON.parse(body) as { readonly metadata: { readonly name: string } };
      const place = `${path}/${given.metadata.name}`;
      if (this.#objects.has(place)) return void answerStatus(response, 409, { reason: 'AlreadyExists' });
      const { metadata, ...rest } = given;
      return json(201, this.put(place, { ...rest, ...metadata }));
    }
    if (query.get('watch') === 'true') return this.#watch(path, query, response);
    const object = this.#objects.get(path);
    if (object !== undefined) {
      if (method === 'GET') return json(200, object);
      if (method === 'PATCH') return json(200, this.put(path, { ...object, ...(JSON.parse(body) as object) }));
      const uid = (JSON.parse(body) as { readonly preconditions?: { readonly uid?: string } }).preconditions?.uid;
      if (uid !== undefined && uid !== object.metadata.uid) {
        return void answerStatus(response, 409, { reason: 'Conflict' });
      }
      this.remove(path);
      return json(200, { kind: 'Status', status: 'Success' });
    }
    if (isCollection(path)) return json(200, this.#page(path, query));
    answerStatus(response, 404, { reason: 'NotFound', message: `${path} not found` });
  }

  #page(path: string, query: URLSearchParams): unknown {
    const selector = query.get('labelSelector');
    const [version = String(this.#version), from = '0'] = query.get('continue')?.split(' ') ?? [];
    const all = [...this.#objects].filter(([place, object]) => isIn(place, path) && isSelected(object, selector));
    const size = Math.min(this.pageSize, Number(query.get('limit') ?? Number.POSITIVE_INFINITY));
    const items = all.slice(Number(from), Number(from) + size).map(([, object]) => object);
    const next = Number(from) + items.length;
    const more = next < all.length ? { continue: `${version} ${next}` } : {};
    return { kind: 'List', metadata: { resourceVersion: version, ...more }, items };
  }

  #watch(path: string, query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    if (from < this.#compactedAt) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    response.flushHeaders();
    const watch = { prefix: path, selector: query.get('labelSelector'), response };
    for (const change of this.#history) if (change.version > from) this.#write(watch, change);
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
  }
}

/** `/apis/apps/v1/deployments` holds what is in any namespace. */
function isIn(path: string, prefix: string): boolean {
  const place = path.slice(0, path.lastIndexOf('/'));
  return place === prefix || (!prefix.includes('/namespaces/') && place.replace(/\/namespaces\/[^/]+/, '') === prefix);
}

/** One `key=value`. */
function isSelected({ metadata: { labels = {} } }: FakeObject, selector: string | null): boolean {
  const [key = '', value] = (selector ?? '').split('=');
  return key === '' || labels[key] === value;
}

function isCollection(path: string): boolean {
  return /\/(?:jobs|pods|secrets|events|nodes|deployments|statefulsets|daemonsets)$/.test(path);
}
