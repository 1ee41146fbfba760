import type { CloudEvent } from '../protocol/cloud-event.ts';
import type { JsonValue } from '../protocol/json.ts';
import { parse } from '../protocol/parse.ts';
import type { Clock } from '../runtime/clock.ts';
import type { HeldValue } from './digest.ts';
import type { EventWriter } from './event-writer.ts';
import {
  createHeldComparison,
  type HeldClaim,
  type HeldComparison,
  type HeldComparisonOwner,
} from './held-comparison.ts';
import { createHeldStatuses, type HeldStatuses } from './held-statuses.ts';
import { createLatestRunner, type LatestRunner, type LatestRunnerOwner } from './latest-runner.ts';
import type { Outbox } from './outbox.ts';
import type { StatusCodec } from './resource-codec.ts';
import { ResyncNote, type StatusHash } from './resync-data.ts';
import type { SpecPublisher } from './spec-publisher.ts';
import type { StatusSink } from './status-sink.ts';
import type { SyncOptions } from './sync-options.ts';
import type { SyncReport } from './sync-report.ts';

/** The half of a source client that is told statuses: hands on what is new, and tells the agent what it holds. */
export interface StatusReceiver extends AsyncDisposable {
  /** Takes a status event or a note; throws `ProtocolError` for a malformed note. */
  receive(event: CloudEvent): void;
  compare(why: 'link' | 'round'): void;
}

export interface StatusReceiverOptions<Status> {
  readonly codec: StatusCodec<Status>;
  readonly sink: StatusSink<Status>;
  readonly clock: Clock;
  readonly options: SyncOptions;
  readonly writer: EventWriter;
  readonly outbox: Outbox;
  readonly report: SyncReport;
}

/** Where it is noted which specs the statuses answer. */
export type StatusAnswers = Pick<SpecPublisher<never>, 'isAhead' | 'answer'>;

/** A status event whose envelope was found whole, or the word that there is none any more. */
type IncomingStatus =
  | {
      readonly type: 'status';
      readonly event: CloudEvent;
      readonly version: number;
      readonly sequence: bigint;
      readonly hash: string;
      readonly data: JsonValue;
    }
  | { readonly type: 'gone'; readonly sequence: bigint };

/** What its parts call is on it: a hub has several for each agent, and each closure of each counts. */
class HashingReceiver<Status>
  implements StatusReceiver, HeldComparisonOwner<StatusHash>, LatestRunnerOwner<IncomingStatus>
{
  readonly #given: StatusReceiverOptions<Status>;
  readonly #specs: StatusAnswers;
  readonly #held: HeldStatuses = createHeldStatuses();
  readonly #comparison: HeldComparison;
  readonly #incoming: LatestRunner<IncomingStatus>;
  /** What the sink holds from before is among `#held`. */
  #hasBegun = false;

  constructor(given: StatusReceiverOptions<Status>, specs: StatusAnswers) {
    this.#given = given;
    this.#specs = specs;
    this.#comparison = createHeldComparison(this);
    this.#incoming = createLatestRunner(this);
  }

  get digests(): boolean {
    return this.#given.codec.digests;
  }

  get options(): SyncOptions {
    return this.#given.options;
  }

  get outbox(): Outbox {
    return this.#given.outbox;
  }

  get cutsUnscoped(): boolean {
    return true;
  }

  get maxKeys(): number {
    return this.#given.options.maxBusy;
  }

  held(): readonly HeldValue[] {
    return this.#held.list();
  }

  async tidy(): Promise<void> {
    const { clock, options } = this.#given;
    this.#held.sweep(clock.monotonic() - options.periodMs);
  }

  toItem({ id, value }: HeldValue): StatusHash {
    return { resourceID: id, statusHash: value };
  }

  isNewer(candidate: IncomingStatus, held: IncomingStatus): boolean {
    return candidate.sequence > held.sequence;
  }

  run(id: string, incoming: IncomingStatus): Promise<void> {
    return incoming.type === 'gone' ? this.#forget(id, incoming) : this.#apply(id, incoming);
  }

  onError(id: string, error: unknown): void {
    this.#given.report.fail(error, id, 'status not taken');
  }

  receive(event: CloudEvent): void {
    if (event.resourceid === undefined || event.resourceid === '') this.#receiveNote(event);
    else this.#receiveStatus(event.resourceid, event);
  }

  compare(why: 'link' | 'round'): void {
    if (this.#hasBegun) this.#comparison.begin(why);
    else this.#given.outbox.put('held', () => this.#begin(why));
  }

  async #begin(why: 'link' | 'round'): Promise<void> {
    this.#held.begin(await this.#given.sink.held());
    this.#hasBegun = true;
    this.#comparison.begin(why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#incoming[Symbol.asyncDispose]();
  }

  #receiveNote(event: CloudEvent): void {
    const { digest, gone } = parse(ResyncNote, event.data, 'status resync note');
    if (digest !== undefined) this.#comparison.answerDigest(digest);
    if (gone === undefined || event.sequenceid === undefined) return;
    const sequence = BigInt(event.sequenceid);
    for (const id of gone) this.#put(id, { type: 'gone', sequence }, event);
  }

  #receiveStatus(id: string, event: CloudEvent): void {
    const { codec, report } = this.#given;
    const { resourceversion: version, sequenceid, data } = event;
    if (version === undefined || sequenceid === undefined || data === undefined) {
      report.drop('malformed', event, 'expected resourceversion, sequenceid and data');
      return;
    }
    const hash = event.statushash ?? codec.hashStatus(data);
    this.#put(id, { type: 'status', event, version, sequence: BigInt(sequenceid), hash, data }, event);
  }

  #put(id: string, incoming: IncomingStatus, event: CloudEvent): void {
    const { report } = this.#given;
    const put = this.#incoming.put(id, incoming);
    if (put === 'superseded') report.count('stale');
    else if (put === 'full') report.drop('overflow', event, undefined);
  }

  async #forget(id: string, { sequence }: IncomingStatus): Promise<void> {
    if (!this.#held.isNews(id, sequence)) return this.#given.report.count('stale');
    if (this.#held.isHeld(id)) await this.#given.sink.forget(id);
    this.#held.forget(id, { sequence, nowMs: this.#given.clock.monotonic() });
  }

  async #apply(id: string, incoming: Extract<IncomingStatus, { readonly type: 'status' }>): Promise<void> {
    const { codec, report, sink } = this.#given;
    const { version, sequence, hash } = incoming;
    if (!this.#held.isNews(id, sequence)) return report.count('stale');
    if (await this.#specs.isAhead(id, version)) {
      report.count('version-ahead');
      if (codec.newerStatus === 'ignore') return;
    }
    if (this.#held.hasHash(id, hash)) {
      report.count('unchanged');
    } else {
      const status = this.#decode(incoming);
      if (status === null) return;
      await sink.apply({ id, version, hash, status: status.value });
    }
    this.#held.hold(id, { hash, sequence });
    this.#specs.answer(id, version);
  }

  #decode({ event, data }: Extract<IncomingStatus, { readonly type: 'status' }>): { readonly value: Status } | null {
    try {
      return { value: this.#given.codec.decodeStatus(data) };
    } catch (error) {
      this.#given.report.drop('malformed', event, error);
      return null;
    }
  }

  toRequest(claim: HeldClaim<StatusHash>): CloudEvent {
    const { codec, writer } = this.#given;
    const type = { resource: codec.resource, part: 'status', action: 'resync_request' } as const;
    const sequenceID = this.#held.highestSequence().toString();
    switch (claim.type) {
      case 'list':
        return writer.write(type, {}, { statusHashes: claim.items, scope: claim.scope, sequenceID });
      case 'unscoped-list':
        return writer.write(type, {}, { statusHashes: claim.items });
      case 'digest':
        return writer.write(type, {}, { statusHashes: [], digest: claim.digest, sequenceID });
    }
  }
}

export function createStatusReceiver<Status>(
  options: StatusReceiverOptions<Status>,
  specs: StatusAnswers,
): StatusReceiver {
  return new HashingReceiver(options, specs);
}
