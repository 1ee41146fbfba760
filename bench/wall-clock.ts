/**
 * Wall time in fractions of a millisecond, to compare with what another process read from the clock. Node's own `Date.now()` counts whole
 * milliseconds, and `performance.timeOrigin` was right when the process began.
 */
export function createWallClock(): () => number {
  const before = Date.now();
  let tick = before;
  while (tick === before) tick = Date.now();
  const offset = tick - performance.now();
  return () => offset + performance.now();
}
