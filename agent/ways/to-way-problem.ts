import type { WayStatus } from './way-status.ts';

/** A sentence when the hub is not reached the best way: which one instead, and what is wrong with each better one. Null when all is well. */
export function toWayProblem(ways: readonly WayStatus[]): string | null {
  const place = ways.findIndex(({ state }) => state === 'used');
  const used = ways[place];
  if (used === undefined || place === 0) return null;
  const better = ways.slice(0, place).map(({ url, why }) => `${url} (${why ?? 'the hub asked to wait'})`);
  return `the hub is reached by ${used.url}, because what comes before it in FARHAND_HUB_URL does not work: ${better.join('; ')}`;
}
