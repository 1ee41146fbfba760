import type { Clock, Timer } from '../../runtime/clock.ts';

/** A rollout changes an app many times a second: the hub is told how it stands so often at most. */
const gatherMs = 1_000;

/** Gathers ids of what changed, so that several changes of one are one event. */
export interface InventoryNews extends Disposable {
  changed(id: string): void;
}

export function createInventoryNews(options: {
  readonly clock: Clock;
  readonly publish: (id: string) => void;
}): InventoryNews {
  const { clock } = options;
  const changed = new Set<string>();
  let pending: Timer | null = null;
  let publishedAt = Number.NEGATIVE_INFINITY;

  function publish(): void {
    pending = null;
    publishedAt = clock.monotonic();
    const ids = [...changed];
    changed.clear();
    for (const id of ids) options.publish(id);
  }

  return {
    changed(id) {
      changed.add(id);
      pending ??= clock.schedule(Math.max(0, publishedAt + gatherMs - clock.monotonic()), publish, {
        background: true,
      });
    },
    [Symbol.dispose]: () => pending?.cancel(),
  };
}
