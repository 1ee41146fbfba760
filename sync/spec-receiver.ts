import type { CloudEvent } from '../protocol/cloud-event.ts';
import { parse } from '../protocol/parse.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EventWriter } from './event-writer.ts';
import { createHeldComparison, type HeldClaim, type HeldComparison } from './held-comparison.ts';
import { createLatestRunner, type LatestRunner } from './latest-runner.ts';
import type { Outbox } from './outbox.ts';
import type { SpecCodec } from './resource-codec.ts';
import { type ResourceVersion, ResyncNote } from './resync-data.ts';
import { createSeenSpecs, type SeenSpec, type SeenSpecs } from './seen-specs.ts';
import { isNewerSpec, type SpecEntry } from './spec-entry.ts';
import type { SpecHandler } from './spec-handler.ts';
import type { StatusLister } from './status-lister.ts';
import type { SyncOptions } from './sync-options.ts';
import type { SyncReport } from './sync-report.ts';

/** The half of an agent client that takes specs: hands on what is not old, and tells the source what it has taken. */
export interface SpecReceiver extends AsyncDisposable {
  /** Takes a spec event or a note; throws `ProtocolError` for malformed data. */
  receive(event: CloudEvent): void;
  /** What the handler has taken last; null when nothing. */
  seen(id: string): SeenSpec | null;
  forgetAll(): void;
  compare(why: 'link' | 'round'): void;
}

export interface SpecReceiverOptions<Spec> {
  readonly codec: SpecCodec<Spec>;
  readonly handler: SpecHandler<Spec>;
  readonly statuses: StatusLister<unknown>;
  readonly originalSource: string;
  readonly clock: Clock;
  readonly options: SyncOptions;
  readonly writer: EventWriter;
  readonly outbox: Outbox;
  readonly report: SyncReport;
  /** The handler has taken a spec of this resource. */
  readonly onTaken: (id: string) => void;
}

/** A spec event whose envelope was found whole. */
interface IncomingSpec<Spec> extends SeenSpec {
  readonly entry: SpecEntry<Spec>;
}

class GuardedReceiver<Spec> implements SpecReceiver {
  readonly #given: SpecReceiverOptions<Spec>;
  readonly #stop = new AbortController();
  readonly #seen: SeenSpecs = createSeenSpecs();
  readonly #comparison: HeldComparison;
  readonly #incoming: LatestRunner<IncomingSpec<Spec>>;

  constructor(given: SpecReceiverOptions<Spec>) {
    const { codec, options, outbox, report } = given;
    this.#given = given;
    this.#comparison = createHeldComparison({
      digests: codec.digests,
      options,
      outbox,
      held: () => this.#seen.list(),
      tidy: () => this.#forgetEnded(),
      toItem: ({ id, value }): ResourceVersion => ({ resourceID: id, resourceVersion: Number(value) }),
      toRequest: (claim) => this.#toRequest(claim),
      cutsUnscoped: false,
    });
    this.#incoming = createLatestRunner<IncomingSpec<Spec>>({
      maxKeys: options.maxBusy,
      isNewer: isNewerSpec,
      run: (id, spec) => this.#apply(id, spec),
      onError: (id, error) => report.fail(error, id, 'spec not taken'),
    });
  }

  receive(event: CloudEvent): void {
    if (event.resourceid !== undefined && event.resourceid !== '') {
      this.#receiveSpec(event.resourceid, event);
      return;
    }
    const { digest } = parse(ResyncNote, event.data, 'spec resync note');
    if (digest !== undefined) this.#comparison.answerDigest(digest);
  }

  seen(id: string): SeenSpec | null {
    return this.#seen.get(id);
  }

  forgetAll(): void {
    this.#seen.clear();
    this.#comparison.begin('link');
  }

  compare(why: 'link' | 'round'): void {
    this.#comparison.begin(why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#incoming[Symbol.asyncDispose]();
  }

  #receiveSpec(id: string, event: CloudEvent): void {
    const { codec, report } = this.#given;
    const { resourceversion: version, deletiontimestamp: deletedAt, data, source, traceparent = null } = event;
    const deleted = deletedAt !== undefined;
    if (deleted && !codec.deleteUnknown) return report.count('deletion-ignored');
    if (version === undefined || (data === undefined && !deleted)) {
      report.drop('malformed', event, 'expected resourceversion, and data unless it is a deletion');
      return;
    }
    if (this.#seen.isStale(id, { version, deleted })) return report.count('stale');
    const entry: SpecEntry<Spec> = deleted
      ? { type: 'deleted', id, version, deletedAt }
      : { type: 'wanted', id, version, spec: codec.decodeSpec(data ?? null), traceparent };
    // What is at work or waits in the same state will be answered: nothing to do twice.
    const put = this.#incoming.put(id, { version, deleted, source, traceparent, entry });
    if (put === 'full') report.drop('overflow', event, undefined);
  }

  async #apply(id: string, { version, deleted, source, traceparent, entry }: IncomingSpec<Spec>) {
    const answer = await this.#given.handler.apply(entry, { signal: this.#stop.signal });
    this.#seen.add(id, { version, deleted, source, traceparent });
    if (answer !== 'later') this.#given.onTaken(id);
  }

  /** What has no status (any more) is not worth remembering; if the source still has it, it comes again. */
  async #forgetEnded(): Promise<void> {
    const listed = new Set((await this.#given.statuses.list()).map(({ id }) => id));
    const nowMs = this.#given.clock.monotonic();
    const beforeMs = nowMs - this.#given.options.periodMs;
    this.#seen.retain((id) => listed.has(id) || this.#incoming.isBusy(id), { nowMs, beforeMs });
  }

  #toRequest(claim: HeldClaim<ResourceVersion>): CloudEvent {
    const { codec, originalSource, writer } = this.#given;
    const type = { resource: codec.resource, part: 'spec', action: 'resync_request' } as const;
    const extensions = { originalsource: originalSource };
    switch (claim.type) {
      case 'list':
        return writer.write(type, extensions, { resourceVersions: claim.items, scope: claim.scope });
      case 'unscoped-list':
        return writer.write(type, extensions, { resourceVersions: claim.items });
      case 'digest':
        return writer.write(type, extensions, { resourceVersions: [], digest: claim.digest });
    }
  }
}

export function createSpecReceiver<Spec>(options: SpecReceiverOptions<Spec>): SpecReceiver {
  return new GuardedReceiver(options);
}
