/** The highest number after which there is nothing, found by asking at some forty places at most. */
async function findNewestSequence(hasAfter: (sequence: number) => Promise<boolean>): Promise<number> {
  let low = 0;
  let high = 1;
  while (await hasAfter(high)) {
    low = high;
    high *= 2;
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await hasAfter(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Where a reader goes on. A place after the newest event comes from before the store was restored, or from another hub: waiting until
 * the events are there would be to miss them all.
 */
export async function findBegin(
  lastEventId: number | null,
  hasAfter: (sequence: number) => Promise<boolean>,
): Promise<number> {
  if (lastEventId !== null && (await hasAfter(lastEventId))) return lastEventId;
  const newest = await findNewestSequence(hasAfter);
  return lastEventId === null ? newest : Math.min(lastEventId, newest);
}
