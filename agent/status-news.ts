import type { Clock, Timer } from '../runtime/clock.ts';

/** A job that is over by then needs no word about its beginning: the result says when that was. */
const gatherMs = 50;

/** Gathers what is new of attempts for a moment, so that several changes of one are one event, and one commit of the hub. */
export interface StatusNews extends Disposable {
  changed(attempt: string): void;
}

export function createStatusNews(options: {
  readonly clock: Clock;
  readonly publish: (attempt: string) => void;
}): StatusNews {
  const changed = new Set<string>();
  let pending: Timer | null = null;

  function publish(): void {
    pending = null;
    const attempts = [...changed];
    changed.clear();
    for (const attempt of attempts) options.publish(attempt);
  }

  return {
    changed(attempt) {
      changed.add(attempt);
      pending ??= options.clock.schedule(gatherMs, publish, { background: true });
    },
    [Symbol.dispose]: () => pending?.cancel(),
  };
}
