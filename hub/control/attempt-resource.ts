import type { AttemptReport, DeclineReason, Offer } from '../../protocol/offer.ts';
import { attemptResource } from '../../protocol/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KeepingSink } from '../../sync/keeping-sink.ts';
import { createJsonCodec } from '../../sync/resource-codec.ts';
import type { SpecEntry, SpecVersion } from '../../sync/spec-entry.ts';
import type { SpecLister } from '../../sync/spec-lister.ts';
import type { StatusSink, StatusUpdate } from '../../sync/status-sink.ts';
import { offerTimeoutMs } from '../scheduler/offer-timeouts.ts';
import { isOpen } from '../store/is-open.ts';
import type { AttemptRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

export const attemptCodec = createJsonCodec(attemptResource);

export function toSpecEntry(attempt: AttemptRecord): SpecEntry<Offer> {
  const spec: Offer = {
    job: attempt.jobId,
    attempt: attempt.id,
    automation: attempt.automation,
    digest: attempt.digest,
    desired: attempt.desired,
    documentSent: attempt.documentSentAt !== null,
    allowedSeconds: offerTimeoutMs / 1000,
  };
  const { id, specVersion: version, traceparent } = attempt;
  return { type: 'wanted', id, version, spec, traceparent };
}

class AttemptLister implements SpecLister<Offer> {
  readonly #store: Store;
  readonly #agentId: string;

  constructor(store: Store, agentId: string) {
    this.#store = store;
    this.#agentId = agentId;
  }

  async versions(): Promise<readonly SpecVersion[]> {
    const attempts = await this.#store.queries.openAttempts(this.#agentId);
    return attempts.map(({ id, specVersion }) => ({ id, version: specVersion, deleted: false }));
  }

  async get(id: string): Promise<SpecEntry<Offer> | null> {
    const attempt = await this.#store.queries.attempt(id);
    if (attempt === null || attempt.agentId !== this.#agentId || !isOpen(attempt.state)) return null;
    return toSpecEntry(attempt);
  }
}

export function createAttemptLister(store: Store, agentId: string): SpecLister<Offer> {
  return new AttemptLister(store, agentId);
}

export interface AttemptSinkOptions {
  readonly store: Store;
  readonly agentId: string;
  readonly clock: Clock;
  readonly onDeclined: (declined: Declined) => void;
}

/** An offer that an agent did not take. */
export interface Declined {
  readonly agentId: string;
  readonly automation: string;
  readonly reason: DeclineReason;
}

/** Stores what an agent says of its attempts: when the command started, and that it will not take one. */
class AttemptSink extends KeepingSink<AttemptReport> {
  readonly #given: AttemptSinkOptions;

  constructor(given: AttemptSinkOptions) {
    super();
    this.#given = given;
  }

  async apply({ id, status }: StatusUpdate<AttemptReport>): Promise<void> {
    const { store, agentId, clock, onDeclined } = this.#given;
    const report = toStoredReport(status);
    if (report === null) return;
    if (report.type === 'declined') {
      // Before the job is queued again: it would be offered to the same agent at once.
      const attempt = await store.queries.attempt(id);
      if (attempt?.agentId === agentId && attempt.state === 'offered')
        onDeclined({ agentId, automation: attempt.automation, reason: report.reason });
    }
    await store.apply('report-attempt', { attemptId: id, agentId, report, at: clock.now() });
  }
}

export function createAttemptSink(given: AttemptSinkOptions): StatusSink<AttemptReport> {
  return new AttemptSink(given);
}

function toStoredReport(status: AttemptReport) {
  if (status.phase === 'declined') {
    return { type: 'declined', reason: status.reason ?? 'failed', message: status.message } as const;
  }
  if (status.startedAt === null) return null;
  return { type: 'running', startedAt: Date.parse(status.startedAt) } as const;
}
