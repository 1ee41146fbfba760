import { join } from 'node:path';

/** What a runner and its neighbour share, by path: the same in both containers. */
export interface NeighbourPlace {
  /** On a disk: attempts, and what the two tell each other. */
  readonly shared: string;
  /** In memory: what holds secrets. */
  readonly memory: string;
  /** A pipe: one word a line from the runner, `start`, `term`, `kill` or `leave`. */
  readonly orders: string;
  /** A pipe in which nothing is ever written: the wrapper has it open until nothing of the command is left. */
  readonly alive: string;
  /** Made by the wrapper when it has opened both: from then on it is alive or dead. */
  readonly here: string;
  /** Made by the runner when it wants nothing more: a wrapper that comes after the word was said finds it. */
  readonly leave: string;
  /** Name of the attempt whose command is to be run: written before `start`. */
  readonly attempt: string;
  /** Environment and arguments of the command, as text for a shell. */
  readonly go: string;
}

export function toNeighbourPlace({ shared, memory }: Pick<NeighbourPlace, 'shared' | 'memory'>): NeighbourPlace {
  return {
    shared,
    memory,
    orders: join(shared, 'orders'),
    alive: join(shared, 'alive'),
    here: join(shared, 'here'),
    leave: join(shared, 'leave'),
    attempt: join(shared, 'attempt'),
    go: join(memory, 'go'),
  };
}
