import type { Automation } from '../automations/automation.ts';
import type { Executors } from './executors.ts';

/** For each executor that starts nothing now: why, and which automations are not offered because of it. Nobody misses one that none names. */
export function findExecutorProblems(executors: Executors, automations: Iterable<Automation>): readonly string[] {
  const waiting = new Map<string, string[]>();
  for (const { name, executor } of automations) {
    waiting.set(executor.name, [...(waiting.get(executor.name) ?? []), name]);
  }
  return [...waiting].flatMap(([executor, names]) => {
    const obstacle = executors.find(executor).obstacle();
    return obstacle === null ? [] : [`executor ${executor}: ${obstacle}; not offered: ${names.join(', ')}`];
  });
}
