import type { Random } from '../../runtime/random.ts';

/** Chance that a seed brings back, bit by bit. */
export interface SeededRandom extends Random {
  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number;
  /** From `least` to `most`, both included. */
  between(least: number, most: number): number;
  happens(chance: number): boolean;
  pick<T>(things: readonly [T, ...T[]]): T;
  /** Another one: the same seed and label give the same, whatever was drawn from this one. */
  fork(label: string): SeededRandom;
}

/** `now` gives ordered UUIDs their time. */
export function createSeededRandom(seed: string, now: () => number = () => 0): SeededRandom {
  const next = createSfc32(hash(seed, 1), hash(seed, 2), hash(seed, 3));
  let newest = 0;
  let made = 0;

  const fraction = () => next() / 2 ** 32;
  const below = (bound: number) => Math.floor(fraction() * bound);
  const digits = (count: number) => Array.from({ length: count }, () => below(16).toString(16)).join('');
  const random: SeededRandom = {
    fraction,
    below,
    between: (least, most) => least + below(most - least + 1),
    happens: (chance) => fraction() < chance,
    pick: (things) => things[below(things.length)] ?? things[0],
    fork: (label) => createSeededRandom(`${seed} ${label}`, now),
    uuid: () => `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`,
    orderedUuid() {
      newest = Math.max(newest, Math.floor(now()));
      made += 1;
      const time = newest.toString(16).padStart(12, '0');
      const count = (made % 0x1000).toString(16).padStart(3, '0');
      return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-8${digits(3)}-${digits(12)}`;
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
  return random;
}

function hash(text: string, salt: number): number {
  let value = Math.imul(salt, 0x9e3779b1) >>> 0;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
    value = (value ^ (value >>> 13)) >>> 0;
  }
  return value;
}

function createSfc32(a: number, b: number, c: number): () => number {
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}
