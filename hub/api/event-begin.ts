/** The highest number after which there is nothing, found by asking at some forty places at most. */
export async function findNewestSequence(hasAfter: (sequence: number) => Promise<boolean>): Promise<number> {
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
