import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { Action, EventType } from '../protocol/event-type.ts';
import { parse } from '../protocol/parse.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { type Digest, findDifferingBuckets, type HeldValue, toFineDigest } from './digest.ts';
import type { EventWriter } from './event-writer.ts';
import { createLatestRunner, type LatestRunner, type LatestRunnerOwner } from './latest-runner.ts';
import type { Outbox } from './outbox.ts';
import type { SpecCodec } from './resource-codec.ts';
import { SpecResyncRequest } from './resync-data.ts';
import { createScopeTest, wholeScope } from './scope.ts';
import type { SpecEntry, SpecVersion } from './spec-entry.ts';
import type { SpecLister } from './spec-lister.ts';
import type { SyncOptions } from './sync-options.ts';
import type { SyncReport } from './sync-report.ts';
import { toTraceExtension } from './trace-extension.ts';
import { createUnansweredSpecs, type UnansweredSpecs, type UnansweredSpecsOwner } from './unanswered-specs.ts';

/** The half of a source client that owns specs: sends them until they are answered, and tells an agent what it lacks. */
export interface SpecPublisher<Spec> extends AsyncDisposable {
  publish(entry: SpecEntry<Spec>): void;
  /** Takes a resync request; throws `ProtocolError` for a malformed one. */
  receive(event: CloudEvent): void;
  /** Whether a status answers a newer spec than ours, as far as ours is known. */
  isAhead(id: string, version: number): Promise<boolean>;
  /** A status of this version was taken. */
  answer(id: string, version: number): void;
  resume(): void;
  pause(): void;
}

export interface SpecPublisherOptions<Spec> {
  readonly codec: SpecCodec<Spec>;
  readonly specs: SpecLister<Spec>;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: SyncOptions;
  readonly writer: EventWriter;
  readonly outbox: Outbox;
  readonly report: SyncReport;
  /** The wire has taken all that a resync request asked for. */
  readonly onAnswered: (() => void) | undefined;
}

/** What its parts call is on it: a hub has several for each agent, and each closure of each counts. */
class RepeatingPublisher<Spec>
  implements SpecPublisher<Spec>, UnansweredSpecsOwner, LatestRunnerOwner<SpecResyncRequest>
{
  readonly #given: SpecPublisherOptions<Spec>;
  readonly #unanswered: UnansweredSpecs;
  readonly #requests: LatestRunner<SpecResyncRequest>;

  constructor(given: SpecPublisherOptions<Spec>) {
    this.#given = given;
    this.#unanswered = createUnansweredSpecs(this);
    this.#requests = createLatestRunner(this);
  }

  get clock(): Clock {
    return this.#given.clock;
  }

  get random(): Random {
    return this.#given.random;
  }

  get options(): SyncOptions {
    return this.#given.options;
  }

  get maxKeys(): number {
    return this.#given.options.maxRequests;
  }

  isNewer(): boolean {
    return true;
  }

  run(_key: string, request: SpecResyncRequest): Promise<void> {
    return this.#answer(request);
  }

  onError(_key: string, error: unknown): void {
    this.#given.report.fail(error, null, 'spec resync request not answered');
  }

  onDue(id: string): void {
    this.#given.report.count('repeated');
    this.#put(id, 'update_request', null);
  }

  publish(entry: SpecEntry<Spec>): void {
    const { id, type, version } = entry;
    if (type === 'deleted' && !this.#given.codec.deleteUnknown) {
      this.#unanswered.forget(id);
      return;
    }
    const known = this.#unanswered.knownVersion(id);
    this.#unanswered.note(entry);
    const change = known === null ? 'create_request' : 'update_request';
    const isOld = known !== null && known > version;
    this.#put(id, type === 'deleted' ? 'delete_request' : change, isOld ? null : entry);
  }

  receive(event: CloudEvent): void {
    const request = parse(SpecResyncRequest, event.data, 'spec resync request');
    const key = request.digest === undefined ? `list ${JSON.stringify(request.scope)}` : 'digest';
    if (this.#requests.put(key, request) === 'full') this.#given.report.drop('overflow', event, undefined);
  }

  async isAhead(id: string, version: number): Promise<boolean> {
    const known = this.#unanswered.knownVersion(id);
    if (known === null || version <= known) return false;
    const entry = await this.#given.specs.get(id);
    if (entry === null) return false;
    this.#unanswered.note(entry);
    return version > entry.version;
  }

  answer(id: string, version: number): void {
    this.#unanswered.answer(id, version);
  }

  resume(): void {
    this.#unanswered.resume();
  }

  pause(): void {
    this.#unanswered.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests[Symbol.asyncDispose]();
  }

  async #answer(request: SpecResyncRequest): Promise<void> {
    const { codec, specs } = this.#given;
    const all = await specs.versions();
    const versions = codec.deleteUnknown ? all : all.filter((spec) => !spec.deleted);
    this.#unanswered.refresh(versions);
    if (request.digest !== undefined) this.#answerDigest(request.digest, versions);
    else this.#answerList(request, versions);
    const { onAnswered, outbox } = this.#given;
    // Behind everything that was put before it.
    if (onAnswered !== undefined) outbox.put('answered', async () => onAnswered());
  }

  #answerDigest(theirs: Digest, versions: readonly SpecVersion[]): void {
    const { outbox, report, writer } = this.#given;
    const held = versions.map(({ id, version }): HeldValue => ({ id, value: String(version) }));
    if (findDifferingBuckets(held, theirs).length === 0) return;
    report.count('compared-unequal');
    const digest = toFineDigest(held);
    outbox.put('digest', (publish) => publish(writer.write(this.#toType('resync_response'), {}, { digest })));
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
      if (deleted || version > (theirs ?? 0)) this.#put(id, 'resync_response', null);
    }
    if (!codec.deleteUnknown) return;
    const deletedAt = new Date(clock.now()).toISOString();
    for (const [id, version] of reported) this.#put(id, 'resync_response', { type: 'deleted', id, version, deletedAt });
  }

  /** Without an entry the lister is asked when the turn comes. */
  #put(id: string, action: Action, entry: SpecEntry<Spec> | null): void {
    const { outbox, specs } = this.#given;
    outbox.put(`spec ${id}`, async (publish) => {
      const current = entry ?? (await specs.get(id));
      if (current === null) this.#unanswered.forget(id);
      else await publish(this.#toEvent(action, current));
    });
  }

  #toEvent(action: Action, entry: SpecEntry<Spec>): CloudEvent {
    const { codec, writer } = this.#given;
    const extensions = { resourceid: entry.id, resourceversion: entry.version };
    return entry.type === 'wanted'
      ? writer.write(
          this.#toType(action),
          { ...extensions, ...toTraceExtension(entry.traceparent) },
          codec.encodeSpec(entry.spec),
        )
      : writer.write(this.#toType(action), { ...extensions, deletiontimestamp: entry.deletedAt }, null);
  }

  #toType(action: Action): EventType {
    return { resource: this.#given.codec.resource, part: 'spec', action };
  }
}

export function createSpecPublisher<Spec>(options: SpecPublisherOptions<Spec>): SpecPublisher<Spec> {
  return new RepeatingPublisher(options);
}
