export interface Rate {
  readonly count: number;
  readonly tookMs: number;
}

/** Keeps `atOnce` of the same under way for `forMs`, then waits for those that are. */
export async function runMany(
  { forMs, atOnce }: { readonly forMs: number; readonly atOnce: number },
  once: () => Promise<unknown>,
): Promise<Rate> {
  const from = performance.now();
  let count = 0;
  const repeat = async () => {
    do {
      await once();
      count += 1;
    } while (performance.now() - from < forMs);
  };
  await Promise.all(Array.from({ length: atOnce }, repeat));
  return { count, tookMs: performance.now() - from };
}
