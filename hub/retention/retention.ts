import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { HubMetrics } from '../metrics/hub-metrics.ts';
import type { CommandInput, CommandName, CommandResult } from '../store/command.ts';
import type { EndPlace } from '../store/retention-statements.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import { countLogBytes } from './count-logs.ts';
import { findCountBound } from './find-count-bound.ts';
import type { RetentionRules } from './retention-rules.ts';
import type { RoomReserve } from './room-reserve.ts';

export interface RetentionOptions {
  readonly store: Store;
  readonly logs: LogStore;
  readonly reserve: Pick<RoomReserve, 'keep' | 'give'>;
  readonly rules: RetentionRules;
  /** How long a late result may correct a lost job: so long such a job stays, whatever the rules say. */
  readonly correctionWindowMs: number;
  readonly metrics: Pick<HubMetrics, 'removed'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const rarelyMs = 600_000;
const oftenMs = 60_000;

const day = 86_400_000;
/** How long an agent that comes back is told of an attempt that was removed. */
const rememberMs = 365 * day;
/** How long a join token that is over may still explain to an agent what became of its joining, and a token that is over is shown as such. */
const overTokenMs = 30 * day;
/** Between two commits, so that others have the store meanwhile. */
const pauseMs = 10;
const reclaimBytes = 1024 * 1024;
/** Less than that inside the store is left for what comes. */
const spareBytes = 4 * 1024 * 1024;
const fileBatch = 100;
/** A clock so far ahead of what the hub lived through is worth a line in the log. */
const suspiciousMs = 3_600_000;

/** Between two turns: what is kept for minutes is looked at more often than what is kept for months. */
export function toRetainEveryMs({ jobsForMs, auditForMs }: RetentionRules): number {
  return Math.max(oftenMs, Math.min(rarelyMs, jobsForMs / 10, auditForMs / 10));
}

/**
 * Removes what is to be kept no longer: a little at a time, the oldest first, and never anything of a job that is open. Each turn goes on until
 * nothing is left to be removed, with pauses; what a turn that was cut short left, the next one finds.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #lastTurnAt: number;
  #logStoreBytes: number | null = null;
  #goesOn: () => void = () => {};

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#lastTurnAt = options.clock.monotonic();
  }

  /** Bytes of logs of ended attempts, when they were last counted. */
  get logStoreBytes(): number | null {
    return this.#logStoreBytes;
  }

  /** One turn, which may take hours where much is to go: `goesOn` is called after each part of it. Rejects with `StoreError` or `LogError`; what was removed by then is removed whole. */
  async turn(signal: AbortSignal, goesOn: () => void = () => {}): Promise<void> {
    this.#goesOn = goesOn;
    const livedTo = await this.#liveOn();
    await this.#deleteFiles(signal);
    await this.#removeJobs(livedTo, signal);
    await this.#removeLogs(livedTo, signal);
    await this.#removeRest(livedTo, signal);
    await this.#reclaim(signal);
    await this.#options.reserve.keep();
  }

  async #liveOn(): Promise<number> {
    const { clock, logger } = this.#options;
    const begun = clock.monotonic();
    const livedMs = begun - this.#lastTurnAt;
    const at = clock.now();
    const { livedTo } = await this.#apply('live-on', { livedMs, at });
    this.#lastTurnAt = begun;
    if (at - livedTo > suspiciousMs) {
      logger.warn(
        { aheadSeconds: Math.round((at - livedTo) / 1000) },
        'the clock is far ahead of what this hub lived through: ages count up to it only step by step',
      );
    }
    return livedTo;
  }

  async #removeJobs(livedTo: number, signal: AbortSignal): Promise<void> {
    const { store, rules, correctionWindowMs } = this.#options;
    const settledBefore = livedTo - correctionWindowMs;
    const pause = () => this.#pause(signal);
    let account = await store.queries.nextAccountWithJobs('');
    for (; account !== null && !signal.aborted; account = await store.queries.nextAccountWithJobs(account)) {
      const bound = await findCountBound(store, { account, count: rules.jobsPerAccount, pause });
      const endedBefore = Math.max(livedTo - rules.jobsForMs, this.#spare(bound, livedTo, 'jobs'));
      if (endedBefore > Number.NEGATIVE_INFINITY)
        await this.#removeJobsOf(account, { endedBefore, settledBefore, signal });
    }
  }

  async #removeJobsOf(
    account: string,
    {
      signal,
      ...before
    }: { readonly endedBefore: number; readonly settledBefore: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { metrics, clock } = this.#options;
    while (!signal.aborted) {
      const removed = await this.#apply('remove-jobs', { account, ...before, at: clock.now() });
      if (removed.jobs === 0) return;
      metrics.removed('jobs', removed.jobs);
      metrics.removed('attempts', removed.attempts);
      metrics.removed('log-bytes', removed.logBytes);
      await this.#deleteFiles(signal);
    }
  }

  async #removeLogs(livedTo: number, signal: AbortSignal): Promise<void> {
    const { store, rules, metrics, clock } = this.#options;
    let bytes = await countLogBytes(store, () => this.#pause(signal));
    this.#logStoreBytes = bytes;
    const endedBefore = livedTo - rules.atLeastMs;
    let after: EndPlace | null = null;
    while (bytes > rules.logBytes && !signal.aborted) {
      const excess = bytes - rules.logBytes;
      const removed: { logs: number; bytes: number; next: EndPlace | null } = await this.#apply('remove-logs', {
        bytes: excess,
        endedBefore,
        after,
        at: clock.now(),
      });
      metrics.removed('logs', removed.logs);
      metrics.removed('log-bytes', removed.bytes);
      bytes -= removed.bytes;
      this.#logStoreBytes = bytes;
      await this.#deleteFiles(signal);
      if (removed.next === null && bytes > rules.logBytes) this.#warnOfSpared('logs');
      if (removed.next === null) return;
      after = removed.next;
    }
  }

  async #removeRest(livedTo: number, signal: AbortSignal): Promise<void> {
    const { rules, metrics, clock } = this.#options;
    const repeat = async (remove: () => Promise<number>): Promise<void> => {
      while (!signal.aborted && (await remove()) > 0) await this.#pause(signal);
    };
    const auditBefore = livedTo - rules.auditForMs;
    if (auditBefore > Number.NEGATIVE_INFINITY) {
      await repeat(async () => {
        const { events } = await this.#apply('remove-audit', { before: auditBefore, at: clock.now() });
        metrics.removed('audit', events);
        return events;
      });
    }
    await repeat(async () => {
      const { tokens } = await this.#apply('remove-join-tokens', { before: livedTo - overTokenMs, at: clock.now() });
      metrics.removed('join-tokens', tokens);
      return tokens;
    });
    await repeat(async () => {
      const { tokens } = await this.#apply('remove-tokens', { before: livedTo - overTokenMs, at: clock.now() });
      metrics.removed('tokens', tokens);
      return tokens;
    });
    const agentsBefore = livedTo - rules.agentsForMs;
    if (agentsBefore > Number.NEGATIVE_INFINITY) {
      await repeat(async () => {
        const { agents } = await this.#apply('forget-agents', { before: agentsBefore, at: clock.now() });
        metrics.removed('agents', agents);
        return agents;
      });
    }
    await repeat(async () => {
      const { rows } = await this.#apply('remove-inventory', { at: clock.now() });
      metrics.removed('inventory', rows);
      return rows;
    });
    await repeat(async () => {
      return (await this.#apply('forget-attempts', { before: livedTo - rememberMs, at: clock.now() })).attempts;
    });
  }

  /** The files of logs that are removed for good. A file that cannot be deleted stays in the list, and those after it have their turn. */
  async #deleteFiles(signal: AbortSignal): Promise<void> {
    const { store, logs, clock, logger } = this.#options;
    for (let after = ''; !signal.aborted; ) {
      const attempts = await store.queries.logRemovals(after, fileBatch);
      const deleted: string[] = [];
      const remove = async (attempt: string) => {
        try {
          await logs.remove(attempt);
          deleted.push(attempt);
        } catch (error) {
          logger.error({ err: error, attempt }, 'a log that was removed could not be deleted; it is tried again');
        }
      };
      // Side by side: each takes several turns of the event loop, and a busy hub would never get through with them.
      await Promise.all(attempts.map(remove));
      if (deleted.length > 0) await this.#apply('forget-log-removals', { attemptIds: deleted, at: clock.now() });
      await this.#pause(signal);
      if (attempts.length < fileBatch) return;
      after = attempts.at(-1) ?? '';
    }
  }

  /** On a full disk, with what was kept aside for it. */
  async #apply<Name extends CommandName>(name: Name, input: CommandInput<Name>): Promise<CommandResult<Name>> {
    const { store, reserve } = this.#options;
    for (;;) {
      try {
        return await store.apply(name, input);
      } catch (error) {
        const isFull = error instanceof StoreError && error.code === 'full';
        if (!isFull || !(await reserve.give())) throw error;
      }
    }
  }

  async #reclaim(signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    for (let free = store.usage().freeBytes; free > spareBytes && !signal.aborted; ) {
      store.reclaim(reclaimBytes);
      await this.#pause(signal);
      const left = store.usage().freeBytes;
      // A store that cannot shrink says so by not doing it.
      if (left >= free) return;
      free = left;
    }
  }

  /** A bound in numbers reaches no further than to what is kept at least. */
  #spare(bound: number, livedTo: number, what: string): number {
    const spared = livedTo - this.#options.rules.atLeastMs;
    if (bound > spared) this.#warnOfSpared(what);
    return Math.min(bound, spared);
  }

  #warnOfSpared(what: string): void {
    this.#options.logger.warn({ what }, 'more is kept than allowed, because it is too young to be removed');
  }

  async #pause(signal: AbortSignal): Promise<void> {
    this.#goesOn();
    await sleep(this.#options.clock, pauseMs, signal);
  }
}
