/**
 * A time that an agent's clock gave, held between what the hub's own clock knows: never before `from`, never after `to`.
 * Null and what is no time stay null.
 */
export function fromAgentTime(time: string | number | null, bounds: { readonly from: number; readonly to: number }) {
  if (time === null) return null;
  const at = typeof time === 'number' ? time : Date.parse(time);
  return Number.isFinite(at) ? Math.min(Math.max(Math.trunc(at), bounds.from), bounds.to) : null;
}
