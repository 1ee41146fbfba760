import type { Clock } from '../runtime/clock.ts';

/** Twitter's epoch, 2010-11-04T01:42:54.657Z. Source: Open Cluster Management, which uses bwmarrin/snowflake with node 1. */
const epochMs = 1_288_834_974_657;
const node = 1n;
const maxStep = 0xfff;
const maxSinceEpochMs = 2 ** 41 - 1;

/**
 * Makes the numbers that order an agent's status events: snowflakes of the wall clock. Each is higher than all before, also
 * when the clock jumps back; after a restart they go on higher as long as the wall clock does, or once `raiseAbove` was told.
 */
export interface SequenceIds {
  /** Decimal. */
  next(): string;
  /** From now on higher than `sequence`: the other side has seen that one. Numbers that are no snowflake are ignored. */
  raiseAbove(sequence: bigint): void;
}

export function createSequenceIds(clock: Clock): SequenceIds {
  let lastMs = 0;
  let step = maxStep;
  return {
    next() {
      const nowMs = Math.trunc(clock.now()) - epochMs;
      if (nowMs > lastMs) {
        lastMs = nowMs;
        step = 0;
      } else if (step < maxStep) {
        step += 1;
      } else {
        lastMs += 1;
        step = 0;
      }
      return ((BigInt(lastMs) << 22n) | (node << 12n) | BigInt(step)).toString();
    },
    raiseAbove(sequence) {
      const ms = Number(sequence >> 22n);
      if (ms < lastMs || ms >= maxSinceEpochMs) return;
      lastMs = ms;
      step = maxStep;
    },
  };
}
