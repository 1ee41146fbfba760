/** Damerau–Levenshtein distance with adjacent swaps. */
function distance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[other.length] ?? 0;
}

/** The one of `candidates` that somebody who wrote `word` probably meant, or null when none is near enough. */
export function findNearestWord(word: string, candidates: Iterable<string>): string | null {
  const written = word.slice(0, 64).toLowerCase();
  let nearest: string | null = null;
  let least = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const candidate of candidates) {
    const known = candidate.slice(0, 64).toLowerCase();
    // The beginning of a longer word stands behind a word that is one letter off.
    const begun = known.startsWith(written) && written.length > 2 ? 1.5 : Number.POSITIVE_INFINITY;
    const apart = Math.min(begun, distance(written, known));
    if (apart < least) {
      nearest = candidate;
      least = apart;
    }
  }
  return nearest;
}
