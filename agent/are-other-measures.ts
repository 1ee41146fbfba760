import type { Admission } from '../protocol/admission.ts';

/** What moves all the time, and is told the hub only when it has moved by much. */
export interface Measures {
  readonly loopLagMs: number;
  /** Null before there are any. */
  readonly values: Admission['values'] | null;
}

/** Turns of an idle process are late by a few milliseconds, now more and now less. */
const lagNoiseMs = 20;
/** What passes without any job of ours. */
const percentNoise = 10;

/** Whether it is worth telling the hub, which was told another. */
export function areOtherMeasures(measured: Measures, told: Measures): boolean {
  if (isOther(measured.loopLagMs, told.loopLagMs, lagNoiseMs)) return true;
  const [now, then] = [measured.values, told.values];
  if (now === null || then === null) return now !== then;
  return (
    isOther(now.loopLagMeanMs, then.loopLagMeanMs, lagNoiseMs) ||
    isOther(now.loopLagMaxMs, then.loopLagMaxMs, lagNoiseMs) ||
    isOther(now.freeMemoryPercent ?? 0, then.freeMemoryPercent ?? 0, percentNoise) ||
    (['cpu', 'memory', 'io'] as const).some((kind) =>
      isOther(now[kind]?.percent ?? -1, then[kind]?.percent ?? -1, percentNoise),
    )
  );
}

function isOther(measured: number, told: number, noise: number): boolean {
  return Math.abs(measured - told) > Math.max(noise, told / 2);
}
