/** A file's time as a time at which a command can have begun or ended: the command may have set another, even one that no date can hold. */
export function toPastTime(modifiedAt: number, now: number): number {
  return Math.min(Math.max(0, Math.round(modifiedAt)), now);
}
