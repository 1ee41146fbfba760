/** For a page of a person. */
export function toLoopLagWords(lag: {
  readonly loopLagMs: number;
  readonly loopLagMeanMs: number;
  readonly loopLagMaxMs: number;
}): string {
  return `${lag.loopLagMeanMs} ms late on average, ${lag.loopLagMs} ms in 1 of 100 turns; the longest stop of the last minute ${lag.loopLagMaxMs} ms`;
}
