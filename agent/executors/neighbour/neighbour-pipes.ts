import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { hasCode } from '../../../runtime/has-code.ts';
import type { NeighbourPlace } from './neighbour-place.ts';

export type NeighbourOrder = 'start' | 'term' | 'kill' | 'leave';

/** The runner's ends of the two pipes. Disposing closes them; orders that nobody has read by then are lost. */
export interface NeighbourPipes extends Disposable {
  /** Never waits, and cannot fail for want of a reader: this end is one. */
  order(word: NeighbourOrder): void;
  /** Whether somebody has the pipe `alive` open: the kernel says so across containers, where no process id means anything. */
  isAlive(): boolean;
}

const { O_NONBLOCK, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants;
const careful = O_NONBLOCK | O_NOFOLLOW;

export function openNeighbourPipes({ orders, alive }: Pick<NeighbourPlace, 'orders' | 'alive'>): NeighbourPipes {
  const writing = openSync(orders, O_RDWR | careful);
  const reading = openSync(alive, O_RDONLY | careful);
  const buffer = new Uint8Array(1);
  let isOpen = true;

  return {
    order(word) {
      try {
        if (isOpen) writeSync(writing, `${word}\n`);
      } catch (error) {
        // The pipe is full of orders that nobody reads: nobody is there.
        if (!hasCode(error, 'EAGAIN')) throw error;
      }
    },
    isAlive() {
      if (!isOpen) return false;
      try {
        return readSync(reading, buffer, 0, 1, null) > 0;
      } catch (error) {
        if (hasCode(error, 'EAGAIN')) return true;
        throw error;
      }
    },
    [Symbol.dispose]() {
      if (!isOpen) return;
      isOpen = false;
      closeSync(writing);
      closeSync(reading);
    },
  };
}
