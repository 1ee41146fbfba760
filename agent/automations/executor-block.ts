import { z } from 'zod';
import type { JsonObject } from '../../protocol/json.ts';
import { findNearestWord } from '../../protocol/nearest-word.ts';
import type { ExecutorKind, ExecutorReading } from '../executors/executor-kind.ts';
import { automationKeys } from './automation-keys.ts';
import type { AutomationKind, FileFault } from './automation-kind.ts';

/** The executor that a file names, or what is wrong with the name. */
export function chooseExecutor(file: JsonObject, executors: readonly ExecutorKind[]): ExecutorKind | FileFault {
  const names = executors.map(({ name }) => name);
  const asked = automationKeys.executor.safeParse(file['executor']).data;
  const found = executors.find(({ name }) => name === asked);
  if (found !== undefined) return found;
  const nearest = asked === undefined ? null : findNearestWord(asked, names);
  const remedy = nearest === null ? '' : `: did you mean "${nearest}"?`;
  return {
    path: ['executor'],
    message: `expected one of ${names.join(', ')}, got ${JSON.stringify(file['executor'])}${remedy}`,
  };
}

/** Keys of a file that are blocks of executors: that of its own is checked, others are told of by `findExecutorFaults`. */
export function toBlockKeys(executor: ExecutorKind, executors: readonly ExecutorKind[]): z.ZodRawShape {
  const others = executors.filter(({ name, keys }) => keys !== null && name !== executor.name);
  return {
    ...Object.fromEntries(others.map(({ name }) => [name, z.unknown().optional()])),
    ...(executor.keys === null ? {} : { [executor.name]: z.strictObject(executor.keys).prefault({}) }),
  };
}

/** What the executor makes of its block. `values`: what the schema of all keys answered. */
export function readBlock(executor: ExecutorKind, values: Readonly<Record<string, unknown>>): ExecutorReading {
  return executor.read(values[executor.name] ?? {});
}

/** What a file asks of its executor that it cannot do, and what it says to others. */
export function findExecutorFaults(
  file: JsonObject,
  given: {
    readonly executor: ExecutorKind;
    readonly executors: readonly ExecutorKind[];
    readonly kind: AutomationKind;
    readonly common: { readonly user: string | null; readonly log: { readonly over: 'fail' | 'gap' } };
    readonly isProbe: boolean;
  },
): FileFault[] {
  const { executor, executors, kind, common } = given;
  const { name, capabilities } = executor;
  const faults: FileFault[] = executors
    .filter((other) => other.name !== name && Object.hasOwn(file, other.name))
    .map((other) => ({
      path: [other.name],
      part: 'key',
      message: `counts with "executor: ${other.name}" only, and this file's executor is ${name}: write that, or take the block out`,
    }));
  if (given.isProbe && !capabilities.sharesMachine) {
    faults.push({
      path: ['executor'],
      message: `a probe runs on the agent's machine, and executor ${name} runs elsewhere: take it out`,
    });
  } else if (!kind.isPortable && !capabilities.sharesMachine) {
    faults.push({
      path: ['executor'],
      message: `kind ${kind.name} needs programs and files of the agent's machine, and executor ${name} runs elsewhere: take "executor" out, or use kind command or script`,
    });
  }
  if (common.user !== null && !capabilities.runsAsUser) {
    faults.push({ path: ['user'], message: `executor ${name} cannot run as \`user\`: take "user" out` });
  }
  if (common.log.over === 'gap' && !capabilities.limitsOutput) {
    faults.push({
      path: ['log', 'over'],
      message: `executor ${name} cannot go on beyond the limit of a log: write "over: fail"`,
    });
  }
  return faults;
}
