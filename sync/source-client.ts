import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { Action, EventType } from '../protocol/event-type.ts';
import type { JsonValue } from '../protocol/json.ts';
import { parse } from '../protocol/parse.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { chooseBuckets, findDifferingBuckets, type HeldValue, toDigest } from './digest.ts';
import { createEventWriter, type EventWriter } from './event-writer.ts';
import { createHeldStatuses, type HeldStatuses } from './held-statuses.ts';
import { createLatestRunner, type LatestRunner } from './latest-runner.ts';
import { cutList } from './list-pieces.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import type { Publish } from './publish.ts';
import type { ResourceCodec } from './resource-codec.ts';
import { ResyncNote, SpecResyncRequest, type StatusHash } from './resync-data.ts';
import { createRounds, type Rounds } from './rounds.ts';
import { createScopeTest, type Digest, type Scope, wholeScope } from './scope.ts';
import type { SpecEntry, SpecVersion } from './spec-entry.ts';
import type { SpecLister } from './spec-lister.ts';
import type { StatusSink } from './status-sink.ts';
import type { SyncClient } from './sync-client.ts';
import type { SyncCounters } from './sync-counters.ts';
import type { SyncOptions } from './sync-options.ts';
import { createUnansweredSpecs, type UnansweredSpecs } from './unanswered-specs.ts';

/**
 * The source's side (the hub's): it owns the specs and is told the statuses. One for each resource type and agent.
 *
 * What it keeps in memory (which versions stand unanswered, the hashes of statuses) may be lost with the process: the next
 * link brings it back.
 */
export interface SourceClient<Spec> extends SyncClient {
  /**
   * Sends this state of a spec, and sends it again until it is answered. Call it after the lister's truth has changed. Without
   * a link nothing is sent: the agent asks when it is back. A deletion of a resource whose codec says `deleteUnknown: false`
   * is not sent at all; it only ends the repeats.
   */
  publishSpec(entry: SpecEntry<Spec>): void;
}

export interface SourceClientOptions<Spec, Status> {
  readonly codec: ResourceCodec<Spec, Status>;
  /** Name of this source on its events. */
  readonly source: string;
  /** The agent's id: `clustername` on all events of its channel. */
  readonly cluster: string;
  readonly specs: SpecLister<Spec>;
  readonly sink: StatusSink<Status>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: SyncCounters;
  readonly options: SyncOptions;
}

/** A status event whose envelope was found whole. */
interface IncomingStatus {
  readonly version: number;
  readonly sequence: bigint;
  readonly hash: string;
  readonly data: JsonValue;
}

class SourceSide<Spec, Status> implements SourceClient<Spec> {
  readonly resource;
  readonly #given: SourceClientOptions<Spec, Status>;
  readonly #writer: EventWriter;
  readonly #outbox: Outbox;
  readonly #rounds: Rounds;
  readonly #unanswered: UnansweredSpecs;
  readonly #held: HeldStatuses = createHeldStatuses();
  readonly #statuses: LatestRunner<IncomingStatus>;
  readonly #requests: LatestRunner<SpecResyncRequest>;

  constructor(given: SourceClientOptions<Spec, Status>) {
    const { codec, clock, random, logger, counters, options } = given;
    this.#given = given;
    this.resource = codec.resource;
    this.#writer = createEventWriter(given);
    this.#outbox = createOutbox(logger, counters);
    this.#rounds = createRounds({ clock, random, periodMs: options.periodMs, onRound: () => this.#compare('round') });
    this.#unanswered = createUnansweredSpecs({
      clock,
      random,
      firstRepeatMs: options.firstRepeatMs,
      maxRepeatMs: options.maxRepeatMs,
      onDue: (id) => {
        counters.add('repeated');
        this.#putSpec(id, 'update_request', null);
      },
    });
    this.#statuses = createLatestRunner({
      maxKeys: options.maxBusy,
      isNewer: (candidate, held) => candidate.sequence > held.sequence,
      run: (id, status, { signal }) => this.#applyStatus(id, status, signal),
      onError: (id, error) => this.#failed(error, id, 'status not taken'),
    });
    this.#requests = createLatestRunner({
      maxKeys: options.maxRequests,
      isNewer: () => true,
      run: (_key, request) => this.#answerRequest(request),
      onError: (_key, error) => this.#failed(error, undefined, 'resync request not answered'),
    });
  }

  publishSpec(entry: SpecEntry<Spec>): void {
    if (entry.type === 'deleted' && !this.#given.codec.deleteUnknown) {
      this.#unanswered.forget(entry.id);
      return;
    }
    const known = this.#unanswered.knownVersion(entry.id);
    this.#unanswered.note(entry);
    const action = entry.type === 'deleted' ? 'delete_request' : known === null ? 'create_request' : 'update_request';
    this.#putSpec(entry.id, action, known !== null && known > entry.version ? null : entry);
  }

  receive(type: EventType, event: CloudEvent): void {
    this.#given.counters.add('received');
    try {
      if (type.part === 'spec') this.#receiveRequest(type, event);
      else if (type.action === 'resync_request') this.#drop('wrong-direction', event);
      else if (event.resourceid === undefined || event.resourceid === '') this.#receiveNote(event);
      else this.#receiveStatus(event.resourceid, event);
    } catch (error) {
      this.#drop('malformed', event, error);
    }
  }

  async serve(publish: Publish, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#outbox.isOpen) throw new Error('expected the link before to have ended: abort its signal first');
    const drained = this.#outbox.drain(publish, { signal });
    if (!signal.aborted) {
      this.#rounds.start();
      this.#unanswered.resume();
      this.#compare('link');
    }
    try {
      await drained;
    } finally {
      this.#rounds.stop();
      this.#unanswered.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#statuses[Symbol.asyncDispose](), this.#requests[Symbol.asyncDispose]()]);
  }

  #receiveRequest(type: EventType, event: CloudEvent): void {
    if (type.action !== 'resync_request') return this.#drop('wrong-direction', event);
    const request = parse(SpecResyncRequest, event.data, 'spec resync request');
    const key = request.digest === undefined ? JSON.stringify(request.scope ?? 'whole') : 'digest';
    if (this.#requests.put(key, request) === 'full') this.#drop('overflow', event);
  }

  #receiveNote(event: CloudEvent): void {
    const note = parse(ResyncNote, event.data, 'status resync note');
    const { digest, gone } = note;
    if (digest !== undefined) {
      const buckets = findDifferingBuckets(toDigest(this.#held.list(), digest.of), Buffer.from(digest.sums, 'base64'));
      if (buckets.length > 0) this.#putList({ of: digest.of, buckets });
    }
    if (gone !== undefined && event.sequenceid !== undefined) {
      const sequence = BigInt(event.sequenceid);
      const nowMs = this.#given.clock.monotonic();
      for (const id of gone) this.#held.forget(id, { sequence, nowMs });
    }
  }

  #receiveStatus(id: string, event: CloudEvent): void {
    const { resourceversion: version, sequenceid, data } = event;
    if (version === undefined || sequenceid === undefined || data === undefined) return this.#drop('malformed', event);
    const hash = event.statushash ?? this.#given.codec.hashStatus(data);
    const put = this.#statuses.put(id, { version, sequence: BigInt(sequenceid), hash, data });
    if (put === 'superseded') this.#given.counters.add('stale');
    else if (put === 'full') this.#drop('overflow', event);
  }

  async #applyStatus(id: string, incoming: IncomingStatus, signal: AbortSignal): Promise<void> {
    const { codec, counters, sink } = this.#given;
    const { version, sequence, hash } = incoming;
    if (!this.#held.isNews(id, sequence)) return counters.add('stale');
    if ((await this.#isAhead(id, version)) && codec.newerStatus === 'ignore') return;
    if (this.#held.hasHash(id, hash)) {
      counters.add('unchanged');
    } else {
      let status: Status;
      try {
        status = codec.decodeStatus(incoming.data);
      } catch (error) {
        counters.add('malformed');
        this.#given.logger.warn({ err: error, resource: this.resource, resourceId: id }, 'status not understood');
        return;
      }
      await sink.apply({ id, version, status }, { signal });
    }
    this.#held.hold(id, { hash, sequence });
    this.#unanswered.answer(id, version);
  }

  /** Whether the agent answers a newer spec than ours, as far as we know ours. */
  async #isAhead(id: string, version: number): Promise<boolean> {
    const known = this.#unanswered.knownVersion(id);
    if (known === null || version <= known) return false;
    const entry = await this.#given.specs.get(id);
    if (entry === null) return false;
    this.#unanswered.note(entry);
    if (version <= entry.version) return false;
    this.#given.counters.add('version-ahead');
    this.#given.logger.debug({ resource: this.resource, resourceId: id, version }, 'status of a newer spec than ours');
    return true;
  }

  async #answerRequest(request: SpecResyncRequest): Promise<void> {
    const { codec, specs } = this.#given;
    const all = await specs.versions();
    const versions = codec.deleteUnknown ? all : all.filter((spec) => !spec.deleted);
    this.#unanswered.refresh(versions);
    if (request.digest !== undefined) this.#answerDigest(request.digest, versions);
    else this.#answerList(request, versions);
  }

  #answerDigest(theirs: Digest, versions: readonly SpecVersion[]): void {
    const held = versions.map(({ id, version }): HeldValue => ({ id, value: String(version) }));
    if (findDifferingBuckets(toDigest(held, theirs.of), Buffer.from(theirs.sums, 'base64')).length === 0) return;
    this.#given.counters.add('compared-unequal');
    const of = chooseBuckets(held.length);
    const sums = toDigest(held, of).toString('base64');
    this.#put('digest', 'spec', 'resync_response', () => ({ digest: { of, sums } }));
  }

  #answerList({ resourceVersions, scope }: SpecResyncRequest, versions: readonly SpecVersion[]): void {
    const { clock, codec } = this.#given;
    const reported = new Map((resourceVersions ?? []).map((item) => [item.resourceID, item.resourceVersion]));
    const isInScope = createScopeTest(scope ?? wholeScope);
    for (const { id, version, deleted } of versions) {
      const theirs = reported.get(id);
      reported.delete(id);
      if (theirs === undefined && !isInScope(id)) continue;
      this.#unanswered.lower(id, theirs ?? 0);
      if (deleted || version > (theirs ?? 0)) this.#putSpec(id, 'resync_response', null);
    }
    if (!codec.deleteUnknown) return;
    const deletedAt = new Date(clock.now()).toISOString();
    for (const [id, version] of reported) {
      this.#putSpec(id, 'resync_response', { type: 'deleted', id, version, deletedAt });
    }
  }

  /** Without an entry the lister is asked when the turn comes. */
  #putSpec(id: string, action: Action, entry: SpecEntry<Spec> | null): void {
    this.#outbox.put(`spec ${id}`, async (publish) => {
      const current = entry ?? (await this.#given.specs.get(id));
      if (current === null) return this.#unanswered.forget(id);
      await publish(this.#toSpecEvent(action, current));
    });
  }

  #toSpecEvent(action: Action, entry: SpecEntry<Spec>): CloudEvent {
    const extensions = { resourceid: entry.id, resourceversion: entry.version };
    const type: EventType = { resource: this.resource, part: 'spec', action };
    return entry.type === 'wanted'
      ? this.#writer.write(type, extensions, this.#given.codec.encodeSpec(entry.spec))
      : this.#writer.write(type, { ...extensions, deletiontimestamp: entry.deletedAt }, null);
  }

  /** Says which statuses we hold: on a new link and without digests by the list, otherwise by one sum. */
  #compare(why: 'link' | 'round'): void {
    const { clock, codec, options } = this.#given;
    this.#held.sweep(clock.monotonic() - options.periodMs);
    const held = this.#held.list();
    if (!codec.digests || (why === 'link' && held.length <= options.maxFirstListEntries)) {
      this.#putList(wholeScope);
      return;
    }
    this.#put('digest request', 'status', 'resync_request', () => ({
      statusHashes: [],
      digest: { of: 1, sums: toDigest(this.#held.list(), 1).toString('base64') },
      sequenceID: this.#held.highestSequence().toString(),
    }));
  }

  #putList(scope: Scope): void {
    const { codec, options } = this.#given;
    this.#outbox.put('list', async (publish) => {
      const isInScope = createScopeTest(scope);
      const hashes = this.#held
        .list()
        .filter(({ id }) => isInScope(id))
        .map(({ id, value }): StatusHash => ({ resourceID: id, statusHash: value }));
      const pieces = cutList(hashes, {
        scope,
        idOf: (item) => item.resourceID,
        maxEntries: options.maxListEntries,
        maxBytes: options.maxListBytes,
      });
      for (const piece of pieces) {
        // Without a scope an empty list asks for everything.
        if (!codec.digests && piece.items.length === 0 && hashes.length > 0) continue;
        const data = { statusHashes: piece.items };
        const ours = { scope: piece.scope, sequenceID: this.#held.highestSequence().toString() };
        await publish(this.#toResyncEvent('status', 'resync_request', codec.digests ? { ...data, ...ours } : data));
      }
    });
  }

  #put(key: string, part: 'spec' | 'status', action: Action, toData: () => JsonValue): void {
    this.#outbox.put(key, (publish) => publish(this.#toResyncEvent(part, action, toData())));
  }

  #toResyncEvent(part: 'spec' | 'status', action: Action, data: JsonValue): CloudEvent {
    return this.#writer.write({ resource: this.resource, part, action }, {}, data);
  }

  #drop(count: 'malformed' | 'wrong-direction' | 'overflow', event: CloudEvent, error?: unknown): void {
    this.#given.counters.add(count);
    this.#given.logger.warn(
      { err: error, count, eventType: event.type, resourceId: event.resourceid },
      'event dropped',
    );
  }

  #failed(error: unknown, id: string | undefined, message: string): void {
    this.#given.counters.add('handler-failed');
    this.#given.logger.warn({ err: error, resource: this.resource, resourceId: id }, message);
  }
}

export function createSourceClient<Spec, Status>(options: SourceClientOptions<Spec, Status>): SourceClient<Spec> {
  return new SourceSide(options);
}
