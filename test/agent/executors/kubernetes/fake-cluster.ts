import { randomUUID } from 'node:crypto';
import { applyMergePatch } from '../../../../agent/executors/kubernetes/merge-patch.ts';
import type { Collection, ObjectPlace } from '../../../../agent/kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../../../agent/kubernetes/kubernetes-client.ts';
import { KubernetesError } from '../../../../agent/kubernetes/kubernetes-error.ts';
import type { KubernetesObject } from '../../../../agent/kubernetes/kubernetes-object.ts';
import { permissions } from '../../../../agent/kubernetes/permissions.ts';
import type { WatchEvent } from '../../../../agent/kubernetes/watch-stream.ts';
import type { JsonObject, JsonValue } from '../../../../protocol/json.ts';
import { type LogEntry, toAnswer } from './fake-log.ts';

interface Change {
  readonly version: number;
  readonly plural: string;
  readonly event: WatchEvent & { readonly object: KubernetesObject };
}

type Before = (call: string, name: string) => void;

/**
 * A cluster of one process: Jobs that make one pod when they are let go, Secrets, watches that can be cut, and a node that does what the test
 * says. `starts` is the ledger: how often a container of a Job was started.
 */
export class FakeCluster {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #listeners = new Set<() => void>();
  readonly #logs = new Map<string, { entries: LogEntry[]; isOver: boolean }>();
  #history: Change[] = [];
  #version = 1;
  readonly calls: string[] = [];
  readonly starts = new Map<string, number>();
  /** Nothing answers. */
  isAway = false;
  /** Called before each call; what it throws is the answer. */
  before: Before = () => {};
  /** Called after each call that changes something; what it throws is the answer. */
  after: Before = () => {};
  makesPods = true;
  /** Whoever asks for these is told that it may not. */
  readonly shutNamespaces = new Set<string>();

  readonly client: KubernetesClient;

  constructor() {
    this.client = this.#createClient();
  }

  names(plural: string): string[] {
    return [...this.#objects.keys()]
      .filter((key) => key.startsWith(`${plural}/`))
      .map((key) => key.slice(plural.length + 1));
  }

  get(plural: string, name: string): KubernetesObject | undefined {
    return this.#objects.get(`${plural}/${name}`);
  }

  /** Changes the status of a Job's pod. */
  setPod(job: string, status: JsonObject, nodeName = 'n1'): void {
    const pod = this.get('pods', `${job}-1`);
    if (pod !== undefined)
      this.#put('pods', { ...pod, spec: { ...(pod['spec'] as object), nodeName }, status } as KubernetesObject);
  }

  /** The container begins. */
  run(job: string, startedAt: string = new Date().toISOString()): void {
    this.starts.set(job, (this.starts.get(job) ?? 0) + 1);
    this.setPod(job, {
      phase: 'Running',
      containerStatuses: [toMain({ running: { startedAt } })],
    });
  }

  print(job: string, ...lines: readonly string[]): void {
    const log = this.#logOf(job);
    for (const text of lines) log.entries.push({ at: 1_760_000_000_000_000_000n + BigInt(log.entries.length), text });
    this.#wake();
  }

  /** The container ends, and with it the Job. */
  end(job: string, exitCode: number, more: JsonObject = {}): void {
    this.#logOf(job).isOver = true;
    const terminated = {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt: '2026-11-30T12:00:00Z',
      finishedAt: '2026-11-30T12:00:05Z',
      ...more,
    };
    this.setPod(job, { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [toMain({ terminated })] });
    this.#endJob(job, exitCode === 0 ? 'Complete' : 'Failed');
  }

  /** Somebody asks for the deletion of the pod, and its node says nothing of it. */
  askForDeletion(job: string): void {
    const pod = this.get('pods', `${job}-1`);
    if (pod === undefined) return;
    const asked = { deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: 0 };
    this.#put('pods', { ...pod, metadata: { ...pod.metadata, ...asked } } as KubernetesObject);
  }

  removePod(job: string): void {
    this.#logOf(job).isOver = true;
    this.#remove('pods', `${job}-1`);
    this.#endJob(job, 'Failed');
  }

  /** The pod alone, whatever its Job has seen of it. */
  dropPod(job: string): void {
    this.#remove('pods', `${job}-1`);
  }

  setJob(name: string, status: JsonObject): void {
    const job = this.get('jobs', name);
    if (job !== undefined) this.#put('jobs', { ...job, status } as KubernetesObject);
  }

  removeJob(job: string): void {
    this.#remove('pods', `${job}-1`);
    this.#remove('jobs', job);
    this.#remove('secrets', job);
  }

  cutWatches(): void {
    for (const listener of this.#listeners) listener();
  }

  #logOf(job: string): { entries: LogEntry[]; isOver: boolean } {
    const log = this.#logs.get(job) ?? { entries: [], isOver: false };
    this.#logs.set(job, log);
    return log;
  }

  #endJob(name: string, type: string): void {
    const job = this.get('jobs', name);
    if (job === undefined) return;
    const conditions = [{ type, status: 'True', reason: type === 'Failed' ? 'BackoffLimitExceeded' : '' }];
    this.#put('jobs', { ...job, status: { conditions } } as KubernetesObject);
  }

  #put(plural: string, object: KubernetesObject): KubernetesObject {
    const key = `${plural}/${object.metadata.name}`;
    const type = this.#objects.has(key) ? 'modified' : 'added';
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(key, stored);
    this.#history.push({ version: this.#version, plural, event: { type, object: stored } });
    this.#wake();
    if (plural === 'jobs') this.#control(stored);
    return stored;
  }

  #remove(plural: string, name: string): void {
    const object = this.get(plural, name);
    if (object === undefined) return;
    this.#objects.delete(`${plural}/${name}`);
    this.#version += 1;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#history.push({ version: this.#version, plural, event: { type: 'deleted', object: last } });
    this.#wake();
  }

  /** The Job controller: one pod, once. */
  #control(job: KubernetesObject): void {
    const { name } = job.metadata;
    const spec = job['spec'] as { suspend?: boolean };
    if (spec.suspend === true || !this.makesPods || job['status'] !== undefined) return;
    if (this.get('pods', `${name}-1`) !== undefined || this.starts.has(name)) return;
    this.makePod(job);
  }

  /** As the Job controller does it, which may come late; or as somebody else does, under another name. */
  makePod(job: KubernetesObject, podName = `${job.metadata.name}-1`, status: JsonObject = { phase: 'Pending' }): void {
    const { name, namespace } = job.metadata;
    const spec = job['spec'] as { template: { metadata: { labels: Record<string, string> } } };
    const labels = { ...spec.template.metadata.labels, 'job-name': name };
    const metadata = { name: podName, namespace, uid: randomUUID(), resourceVersion: '', labels };
    this.#put('pods', { metadata, spec: {}, status } as unknown as KubernetesObject);
  }

  #wake(): void {
    for (const listener of Array.from(this.#listeners)) listener();
  }

  #begin(
    verb: string,
    { resource, namespace, name = '' }: Collection & { readonly name?: string },
    subresource: string | null = null,
  ): void {
    const { group, plural } = resource;
    const call = `${verb} ${plural}${subresource === null ? '' : `/${subresource}`}`;
    const isKnown = permissions.some(
      (row) => row.verb === verb && row.group === group && row.resource === plural && row.subresource === subresource,
    );
    if (!isKnown) throw new Error(`no permission for ${call}`);
    if (this.isAway) throw new KubernetesError('unreachable', 'nobody answers');
    if (this.shutNamespaces.has(namespace ?? ''))
      throw new KubernetesError('forbidden', `nothing of ${namespace} is for you`, { status: 403 });
    this.calls.push(call);
    this.before(call, name);
  }

  #end(verb: string, { resource, name = '' }: Collection & { readonly name?: string }): void {
    this.after(`${verb} ${resource.plural}`, name);
  }

  #find(place: ObjectPlace): KubernetesObject {
    const object = this.get(place.resource.plural, place.name);
    if (object === undefined) throw new KubernetesError('not-found', `${place.name} not found`, { status: 404 });
    return object;
  }

  #createClient(): KubernetesClient {
    const client: KubernetesClient = {
      namespace: 'jobs',
      connection: { state: 'untried' },
      counts: { calls: [], waits: 0, waitedMs: 0, openStreams: 0 } as unknown as KubernetesClient['counts'],
      get: async (place) => {
        this.#begin('get', place);
        return this.#find(place);
      },
      listPages: (collection, options) => {
        const client = this.client;
        return (async function* () {
          yield await client.list(collection, options);
        })();
      },
      list: async (collection, { labelSelector = '' }) => {
        this.#begin('list', collection);
        const items = [...this.#objects.values()].filter(
          (object) =>
            this.get(collection.resource.plural, object.metadata.name) === object &&
            isIn(object, collection.namespace) &&
            isSelected(object, labelSelector),
        );
        return { items, resourceVersion: String(this.#version) };
      },
      create: async (collection, manifest) => {
        const { name } = manifest['metadata'] as unknown as { name: string };
        this.#begin('create', { ...collection, name });
        const { plural } = collection.resource;
        if (this.get(plural, name) !== undefined) throw new KubernetesError('already-exists', name, { status: 409 });
        const metadata = { ...(manifest['metadata'] as JsonObject), uid: randomUUID() };
        const made = this.#put(plural, { ...manifest, metadata } as unknown as KubernetesObject);
        this.#end('create', { ...collection, name });
        return made;
      },
      patch: async (place, { body }) => {
        this.#begin('patch', place);
        const object = this.#find(place);
        const { metadata, ...rest } = body as { metadata?: { uid?: string } } & Record<string, JsonValue>;
        if (metadata?.uid !== undefined && metadata.uid !== object.metadata.uid)
          throw new KubernetesError('conflict', 'another uid', { status: 409 });
        const patched = this.#put(
          place.resource.plural,
          applyMergePatch(object as JsonObject, rest as JsonObject) as unknown as KubernetesObject,
        );
        this.#end('patch', place);
        return patched;
      },
      delete: async (place, { uid }) => {
        this.#begin('delete', place);
        const object = this.#find(place);
        if (uid !== null && uid !== object.metadata.uid)
          throw new KubernetesError('conflict', 'another uid', { status: 409 });
        if (place.resource.plural === 'jobs') this.removeJob(place.name);
        else if (place.resource.plural === 'pods') {
          this.askForDeletion(place.name.replace(/-1$/, ''));
          this.removePod(place.name.replace(/-1$/, ''));
        } else this.#remove(place.resource.plural, place.name);
        this.#end('delete', place);
      },
      watch: async (collection, { resourceVersion, labelSelector = '', signal }) => {
        this.#begin('watch', collection);
        const items = this.#watch(collection, Number(resourceVersion), { labelSelector, signal });
        return { [Symbol.asyncIterator]: () => items, [Symbol.asyncDispose]: async () => {} };
      },
      openLog: async ({ pod, sinceTime, follow }, { signal }) => {
        this.#begin(
          'get',
          { resource: { group: '', version: 'v1', plural: 'pods', namespaced: true }, namespace: 'jobs', name: pod },
          'log',
        );
        if (this.get('pods', pod) === undefined) throw new KubernetesError('not-found', 'gone', { status: 404 });
        const since = sinceTime === null ? null : Date.parse(sinceTime) / 1000;
        const stream = this.#stream(pod.replace(/-1$/, ''), { since, follow, signal });
        return {
          type: 'stream',
          stream: { [Symbol.asyncIterator]: () => stream, [Symbol.asyncDispose]: async () => {} },
        };
      },
      version: async () => 'v1.35.4',
      mayDo: async () => ({ allowed: true, reason: '' }),
      [Symbol.asyncDispose]: async () => {},
    };
    return client;
  }

  async *#watch(
    collection: Collection,
    from: number,
    { labelSelector, signal }: { readonly labelSelector: string; readonly signal: AbortSignal },
  ): AsyncGenerator<WatchEvent> {
    let version = from;
    while (!signal.aborted) {
      if (this.isAway) throw new KubernetesError('unreachable', 'the connection broke');
      for (const change of this.#history) {
        if (change.version <= version) continue;
        version = change.version;
        const { object } = change.event;
        const isOfIt = change.plural === collection.resource.plural && isIn(object, collection.namespace);
        if (isOfIt && isSelected(object, labelSelector)) yield change.event;
      }
      await this.#changed(signal);
    }
  }

  async *#stream(
    job: string,
    {
      since,
      follow,
      signal,
    }: { readonly since: number | null; readonly follow: boolean; readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    let sent = 0;
    for (;;) {
      const log = this.#logOf(job);
      const answer = Buffer.from(toAnswer(log.entries, since), 'latin1');
      if (answer.length > sent) yield answer.subarray(sent);
      sent = answer.length;
      if (!follow || log.isOver) return;
      await this.#changed(signal);
      if (signal.aborted) throw new KubernetesError('unreachable', 'aborted');
      if (this.isAway) throw new KubernetesError('unreachable', 'the connection broke');
    }
  }

  #changed(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listeners.add(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    return promise.finally(() => this.#listeners.delete(resolve));
  }
}

export function toMain(state: JsonObject): JsonObject {
  return { name: 'main', containerID: 'waiting' in state ? '' : 'containerd://1', state };
}

function isIn({ metadata }: KubernetesObject, namespace: string | null): boolean {
  return namespace === null || metadata.namespace === undefined || metadata.namespace === namespace;
}

function isSelected({ metadata: { labels } }: KubernetesObject, selector: string): boolean {
  return selector
    .split(',')
    .filter((part) => part !== '')
    .every((part) => {
      const [key = '', value] = part.split('=');
      return labels?.[key] === value;
    });
}
