import { createAbsentExecutor } from './absent-executor.ts';
import type { Executor } from './executor.ts';

/** The executors of an agent. */
export interface Executors {
  /** Runs hooks, whatever runs the command. */
  readonly local: Executor;
  readonly list: readonly Executor[];
  /** By name. Where there is none of that name, one that says so. */
  find(name: string): Executor;
}

export function createExecutors(local: Executor, others: readonly Executor[] = []): Executors {
  const list = [local, ...others];
  const byName = new Map(list.map((executor) => [executor.kind.name, executor]));
  return { local, list, find: (name) => byName.get(name) ?? createAbsentExecutor(name) };
}
