import assert from 'node:assert/strict';

const maxTurns = 200_000;

/** One turn of the event loop: microtasks are empty and what the kernel had was read. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Turns the event loop until `condition` holds; fails when it does not for very long. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turns = 0; !condition(); turns += 1) {
    assert.ok(turns < maxTurns, `expected ${what}, and it did not come about`);
    await turn();
  }
}

/** Turns the event loop until `count` stays the same for a good while. */
export async function untilStill(count: () => number): Promise<void> {
  for (let still = 0, last = count(); still < 300; still += 1) {
    await turn();
    if (count() !== last) still = 0;
    last = count();
  }
}

/** Whether a promise has settled by now. */
export function watch(promise: Promise<unknown>): { readonly settled: boolean } {
  const state = { settled: false };
  const settle = () => {
    state.settled = true;
  };
  promise.then(settle, settle);
  return state;
}
