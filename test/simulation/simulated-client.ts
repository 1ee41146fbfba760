import type { JobRecord } from '../../hub/store/records.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { PlannedJob } from './schedule.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedHub } from './simulated-hub.ts';
import type { Trace } from './trace.ts';

const patienceMs = 5_000;
const retryMs = 700;

/** A job that somebody was told is accepted. */
export interface AcceptedJob {
  readonly planned: PlannedJob;
  readonly id: string;
  /** By the clock of the world. */
  readonly atMs: number;
  /** When a cancel was first asked for, whatever came of it. */
  cancelAskedAtMs: number | null;
}

/** Somebody who submits and cancels jobs as the API does it, again and again until the hub answers. */
export class SimulatedClient {
  readonly accepted = new Map<string, AcceptedJob>();
  /** Every id under which a job was ever submitted. */
  readonly plans = new Map<string, PlannedJob>();
  readonly #hub: SimulatedHub;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #trace: Trace;

  constructor(options: {
    readonly hub: SimulatedHub;
    readonly clock: Clock;
    readonly random: SeededRandom;
    readonly trace: Trace;
  }) {
    this.#hub = options.hub;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#trace = options.trace;
  }

  async submit(planned: PlannedJob): Promise<void> {
    const job = await this.#untilAnswered(() => this.#submitOnce(planned));
    this.#trace.event(`client: ${planned.name} is accepted as ${job.id}`);
    this.accepted.set(planned.name, { planned, id: job.id, atMs: this.#clock.monotonic(), cancelAskedAtMs: null });
  }

  async cancel(planned: PlannedJob): Promise<void> {
    const answer = await this.#untilAnswered(async () => {
      const accepted = this.accepted.get(planned.name);
      const { store } = this.#hub;
      if (accepted === undefined || store === null) return null;
      accepted.cancelAskedAtMs ??= this.#clock.monotonic();
      const { account } = planned;
      return store.apply('cancel-job', { account, jobId: accepted.id, actor: 'client', at: this.#hub.now });
    });
    this.#trace.event(`client: cancel of ${planned.name} is answered ${answer.type}`);
  }

  /** As the API: an idempotency key first, then two commands in one turn. */
  async #submitOnce(planned: PlannedJob): Promise<JobRecord | null> {
    const { core, store, secretBox, now } = this.#hub;
    if (core === null || store === null) return null;
    const { name, automation, account, secret, timeoutSeconds, expiresInSeconds, retryLimit } = planned;
    const idempotency = { key: name, requestDigest: name };
    const earlier = await store.queries.submission(account, idempotency);
    if (earlier !== null) return earlier.type === 'conflict' ? null : earlier.job;
    const id = this.#random.orderedUuid();
    this.plans.set(id, planned);
    const job = {
      id,
      account,
      automation,
      digest: null,
      parameters: {},
      secretNames: secret === null ? [] : ['token'],
      secrets: secretBox.seal(id, secret === null ? {} : { token: secret }),
      selector: '',
      priority: 0,
      labels: {},
      timeoutSeconds,
      expiresAt: expiresInSeconds === null ? null : now + expiresInSeconds * 1000,
      retry: {
        limit: retryLimit,
        on: ['exit-code', 'signal', 'timeout', 'process-lost', 'state-lost', 'agent-lost', 'start-failed'],
      },
      traceparent: null,
      tracestate: null,
    } as const;
    const submitted = store.apply('submit-job', { job, actor: 'client', idempotency, at: now });
    const [result] = await Promise.all([submitted, core.scheduler.offerAtOnce(job)]);
    return result.type === 'conflict' ? null : result.job;
  }

  async #untilAnswered<Answer>(ask: () => Promise<Answer | null>): Promise<Answer> {
    for (;;) {
      const answer = await Promise.race([ask().catch(() => null), this.#pause(patienceMs)]);
      if (answer !== null) return answer;
      await this.#pause(retryMs);
    }
  }

  #pause(delayMs: number): Promise<null> {
    return new Promise((resolve) => void this.#clock.schedule(delayMs, () => resolve(null)));
  }
}
