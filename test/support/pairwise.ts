/** Does `work` for all things, two at a time: what waits for processes to start has use for a second core. Stops at the first that fails. */
export async function pairwise<T>(things: readonly T[], work: (thing: T) => Promise<void>): Promise<void> {
  const left = [...things];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      try {
        await work(next);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  };
  const outcomes = await Promise.allSettled([worker(), worker()]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
