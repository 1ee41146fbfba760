/** Turns of an idle process are late by a few milliseconds, now more and now less. */
const noiseMs = 20;

/** Whether a measured lag of the event loop is worth telling the hub, which was told another. */
export function isOtherLag(measuredMs: number, toldMs: number): boolean {
  return Math.abs(measuredMs - toldMs) > Math.max(noiseMs, toldMs / 2);
}
