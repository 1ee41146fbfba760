import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { Action, EventType } from '../protocol/event-type.ts';
import type { JsonValue } from '../protocol/json.ts';
import { parse } from '../protocol/parse.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { chooseBuckets, findDifferingBuckets, type HeldValue, toDigest } from './digest.ts';
import { createEventWriter, type EventWriter } from './event-writer.ts';
import { createLatestRunner, type LatestRunner } from './latest-runner.ts';
import { cutList } from './list-pieces.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import type { Publish } from './publish.ts';
import type { ResourceCodec } from './resource-codec.ts';
import { type ResourceVersion, ResyncNote, StatusResyncRequest } from './resync-data.ts';
import { createRounds, type Rounds } from './rounds.ts';
import { createScopeTest, type Digest, type Scope, wholeScope } from './scope.ts';
import { createSeenSpecs, type SeenSpecs } from './seen-specs.ts';
import type { SequenceIds } from './sequence-ids.ts';
import { isNewerSpec, type SpecEntry } from './spec-entry.ts';
import type { SpecHandler } from './spec-handler.ts';
import type { StatusEntry, StatusLister } from './status-lister.ts';
import type { SyncClient } from './sync-client.ts';
import type { SyncCounters } from './sync-counters.ts';
import type { SyncOptions } from './sync-options.ts';

/** The agent's side: it takes specs and owns the statuses. One for each resource type. */
export interface AgentClient extends SyncClient {
  /**
   * Sends the status that the lister has for this resource when the turn comes. Call it after the lister's truth has changed.
   * Without a link nothing is sent: the source asks when there is one.
   */
  publishStatus(id: string): void;
  /** Every spec is as unseen, and comes again: for when the source's store is another, and trusted all the same. */
  forgetSpecs(): void;
}

export interface AgentClientOptions<Spec, Status> {
  readonly codec: ResourceCodec<Spec, Status>;
  /** Name of this agent on its events. */
  readonly source: string;
  /** This agent's id: `clustername` on all events of its channel. */
  readonly cluster: string;
  /** Addressee of a status whose spec was not seen; empty for all sources. */
  readonly originalSource: string;
  readonly statuses: StatusLister<Status>;
  readonly handler: SpecHandler<Spec>;
  /** One for all clients of an agent. */
  readonly sequenceIds: SequenceIds;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: SyncCounters;
  readonly options: SyncOptions;
}

/** A spec event whose envelope was found whole. */
interface IncomingSpec<Spec> {
  readonly version: number;
  readonly deleted: boolean;
  readonly source: string;
  readonly entry: SpecEntry<Spec>;
}

class AgentSide<Spec, Status> implements AgentClient {
  readonly resource;
  readonly #given: AgentClientOptions<Spec, Status>;
  readonly #writer: EventWriter;
  readonly #outbox: Outbox;
  readonly #rounds: Rounds;
  readonly #seen: SeenSpecs = createSeenSpecs();
  readonly #specs: LatestRunner<IncomingSpec<Spec>>;
  readonly #requests: LatestRunner<StatusResyncRequest>;

  constructor(given: AgentClientOptions<Spec, Status>) {
    const { codec, clock, random, logger, counters, options } = given;
    this.#given = given;
    this.resource = codec.resource;
    this.#writer = createEventWriter(given);
    this.#outbox = createOutbox(logger, counters);
    this.#rounds = createRounds({ clock, random, periodMs: options.periodMs, onRound: () => this.#compare('round') });
    this.#specs = createLatestRunner<IncomingSpec<Spec>>({
      maxKeys: options.maxBusy,
      isNewer: isNewerSpec,
      run: (id, spec, { signal }) => this.#applySpec(id, spec, signal),
      onError: (id, error) => this.#failed(error, id, 'spec not taken'),
    });
    this.#requests = createLatestRunner({
      maxKeys: options.maxRequests,
      isNewer: () => true,
      run: (_key, request) => this.#answerRequest(request),
      onError: (_key, error) => this.#failed(error, undefined, 'resync request not answered'),
    });
  }

  publishStatus(id: string): void {
    this.#putStatus(id, 'update_request');
  }

  forgetSpecs(): void {
    this.#seen.clear();
    this.#compare('link');
  }

  receive(type: EventType, event: CloudEvent): void {
    this.#given.counters.add('received');
    try {
      if (type.part === 'status') this.#receiveRequest(type, event);
      else if (type.action === 'resync_request') this.#drop('wrong-direction', event);
      else if (event.resourceid === undefined || event.resourceid === '') this.#receiveNote(event);
      else this.#receiveSpec(event.resourceid, event);
    } catch (error) {
      this.#drop('malformed', event, error);
    }
  }

  async serve(publish: Publish, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#outbox.isOpen) throw new Error('expected the link before to have ended: abort its signal first');
    const drained = this.#outbox.drain(publish, { signal });
    if (!signal.aborted) {
      this.#rounds.start();
      this.#compare('link');
    }
    try {
      await drained;
    } finally {
      this.#rounds.stop();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#specs[Symbol.asyncDispose](), this.#requests[Symbol.asyncDispose]()]);
  }

  #receiveRequest(type: EventType, event: CloudEvent): void {
    if (type.action !== 'resync_request') return this.#drop('wrong-direction', event);
    const request = parse(StatusResyncRequest, event.data, 'status resync request');
    const key = request.digest === undefined ? JSON.stringify(request.scope ?? 'whole') : 'digest';
    if (this.#requests.put(key, request) === 'full') this.#drop('overflow', event);
  }

  #receiveNote(event: CloudEvent): void {
    const { digest } = parse(ResyncNote, event.data, 'spec resync note');
    if (digest === undefined) return;
    const buckets = findDifferingBuckets(toDigest(this.#seen.list(), digest.of), Buffer.from(digest.sums, 'base64'));
    if (buckets.length > 0) this.#putList({ of: digest.of, buckets });
  }

  #receiveSpec(id: string, event: CloudEvent): void {
    const { codec, counters } = this.#given;
    const { resourceversion: version, deletiontimestamp: deletedAt, data, source } = event;
    if (deletedAt !== undefined && !codec.deleteUnknown) return counters.add('deletion-ignored');
    if (version === undefined) return this.#drop('malformed', event);
    const deleted = deletedAt !== undefined;
    if (this.#seen.isStale(id, { version, deleted })) return counters.add('stale');
    if (!deleted && data === undefined) return this.#drop('malformed', event);
    const entry: SpecEntry<Spec> = deleted
      ? { type: 'deleted', id, version, deletedAt }
      : { type: 'wanted', id, version, spec: codec.decodeSpec(data ?? null) };
    if (this.#specs.put(id, { version, deleted, source, entry }) === 'full') this.#drop('overflow', event);
  }

  async #applySpec(id: string, { version, deleted, source, entry }: IncomingSpec<Spec>, signal: AbortSignal) {
    // A newer one may have been taken while this one waited.
    if (this.#seen.isStale(id, { version, deleted })) return this.#given.counters.add('stale');
    await this.#given.handler.apply(entry, { signal });
    this.#seen.add(id, { version, deleted, source });
    this.#putStatus(id, 'update_request');
  }

  async #answerRequest(request: StatusResyncRequest): Promise<void> {
    const { sequenceIds, statuses } = this.#given;
    if (request.sequenceID !== undefined) sequenceIds.raiseAbove(BigInt(request.sequenceID));
    // Before the list is made: a status that is published meanwhile is newer than what is said to be gone.
    const sequence = sequenceIds.next();
    const held = await statuses.list();
    if (request.digest !== undefined) this.#answerDigest(request.digest, held);
    else this.#answerList(request, held, sequence);
  }

  #answerDigest(theirs: Digest, statuses: readonly StatusEntry<Status>[]): void {
    const held = statuses.map(({ id, status }): HeldValue => ({ id, value: this.#hash(status) }));
    if (findDifferingBuckets(toDigest(held, theirs.of), Buffer.from(theirs.sums, 'base64')).length === 0) return;
    this.#given.counters.add('compared-unequal');
    const of = chooseBuckets(held.length);
    const sums = toDigest(held, of).toString('base64');
    this.#putNote('digest', { digest: { of, sums } }, null);
  }

  #answerList(request: StatusResyncRequest, statuses: readonly StatusEntry<Status>[], sequence: string): void {
    const listed = new Map((request.statusHashes ?? []).map((item) => [item.resourceID, item.statusHash]));
    const isEverything = request.scope === undefined && listed.size === 0;
    const covers = request.scope === undefined ? () => isEverything : createScopeTest(request.scope);
    for (const { id, status } of statuses) {
      const theirs = listed.get(id);
      listed.delete(id);
      if (theirs === undefined ? covers(id) : theirs !== this.#hash(status)) this.#putStatus(id, 'resync_response');
    }
    if (request.scope === undefined || listed.size === 0) return;
    const gone = [...listed.keys()];
    this.#putNote(`gone ${JSON.stringify(request.scope)}`, { gone }, sequence);
  }

  #putStatus(id: string, action: Action): void {
    const { codec, originalSource, sequenceIds, statuses } = this.#given;
    this.#outbox.put(`status ${id}`, async (publish) => {
      // Before the status is asked for: it must not seem to know a spec that was taken after it.
      const seen = this.#seen.get(id);
      const status = await statuses.get(id);
      if (status === null) return;
      const data = codec.encodeStatus(status);
      const extensions = {
        resourceid: id,
        resourceversion: seen?.version ?? 0,
        originalsource: seen?.source ?? originalSource,
        sequenceid: sequenceIds.next(),
        statushash: codec.hashStatus(data),
      };
      await publish(this.#writer.write({ resource: this.resource, part: 'status', action }, extensions, data));
    });
  }

  #putNote(key: string, data: JsonValue, sequence: string | null): void {
    const type: EventType = { resource: this.resource, part: 'status', action: 'resync_response' };
    const extensions = {
      originalsource: this.#given.originalSource,
      ...(sequence === null ? {} : { sequenceid: sequence }),
    };
    this.#outbox.put(key, (publish) => publish(this.#writer.write(type, extensions, data)));
  }

  /** Says which specs we have taken: on a new link and without digests by the list, otherwise by one sum. */
  #compare(why: 'link' | 'round'): void {
    const { codec, options } = this.#given;
    if (!codec.digests || (why === 'link' && this.#seen.list().length <= options.maxFirstListEntries)) {
      this.#putList(wholeScope);
      return;
    }
    this.#outbox.put('digest request', async (publish) => {
      await this.#forgetEnded();
      const digest = { of: 1, sums: toDigest(this.#seen.list(), 1).toString('base64') };
      await publish(this.#toRequest({ resourceVersions: [], digest }));
    });
  }

  /** What has no status (any more) is not worth remembering; if the source still has it, it comes again. */
  async #forgetEnded(): Promise<void> {
    const listed = new Set((await this.#given.statuses.list()).map(({ id }) => id));
    this.#seen.retain((id) => listed.has(id) || this.#specs.isBusy(id));
  }

  #putList(scope: Scope): void {
    const { codec, options } = this.#given;
    this.#outbox.put('list', async (publish) => {
      const isInScope = createScopeTest(scope);
      const versions = this.#seen
        .list()
        .filter(({ id }) => isInScope(id))
        .map(({ id, value }): ResourceVersion => ({ resourceID: id, resourceVersion: Number(value) }));
      if (!codec.digests) return publish(this.#toRequest({ resourceVersions: versions }));
      const pieces = cutList(versions, {
        scope,
        idOf: (item) => item.resourceID,
        maxEntries: options.maxListEntries,
        maxBytes: options.maxListBytes,
      });
      for (const piece of pieces) {
        await publish(this.#toRequest({ resourceVersions: piece.items, scope: piece.scope }));
      }
    });
  }

  #toRequest(data: JsonValue): CloudEvent {
    const type: EventType = { resource: this.resource, part: 'spec', action: 'resync_request' };
    return this.#writer.write(type, { originalsource: this.#given.originalSource }, data);
  }

  #hash(status: Status): string {
    const { codec } = this.#given;
    return codec.hashStatus(codec.encodeStatus(status));
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

export function createAgentClient<Spec, Status>(options: AgentClientOptions<Spec, Status>): AgentClient {
  return new AgentSide(options);
}
