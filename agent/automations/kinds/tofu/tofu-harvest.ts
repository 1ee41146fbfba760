import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../../../protocol/json.ts';
import type { Harvest, LeftFiles } from '../../harvest.ts';
import type { LeftFile } from '../../left-file.ts';
import { OutputsError } from '../../outputs-error.ts';
import { findFirstError } from '../first-error.ts';
import { logTail, toLogOfFailure } from '../log-tail.ts';
import { findLockHolder } from './lock-holder.ts';
import { toPlanSummary } from './plan-summary.ts';

const smallBytes = 64 * 1024;
const action: LeftFile = { name: 'action', of: 'command', called: 'the action', maxBytes: smallBytes, over: 'refuse' };
const changes: LeftFile = {
  name: 'changes',
  of: 'command',
  called: 'the answer of plan',
  maxBytes: smallBytes,
  over: 'refuse',
};
/** Holds the whole state too. A larger one is not counted: reading it would hold up the agent. */
const plan: LeftFile = {
  name: 'plan.json',
  of: 'command',
  called: 'the plan',
  maxBytes: 16 * 1024 * 1024,
  over: 'none',
};
const values: LeftFile = {
  name: 'values.json',
  of: 'command',
  called: 'the outputs of the module',
  maxBytes: 1024 * 1024,
  over: 'refuse',
};
const keptPlan: LeftFile = {
  name: 'kept-plan',
  of: 'command',
  called: 'the name of the plan',
  maxBytes: smallBytes,
  over: 'refuse',
};
const failure: LeftFile = { name: 'failure', of: 'command', called: 'the reason', maxBytes: smallBytes, over: 'tail' };

/** `output -json`. */
const Values = z.record(z.string(), z.object({ sensitive: z.boolean().default(false), value: z.unknown() }));

function getText(files: LeftFiles, { name }: LeftFile): string | null {
  return files(name)?.toString() ?? null;
}

function parseValues(json: string): z.infer<typeof Values> {
  try {
    return Values.parse(JSON.parse(json));
  } catch {
    throw new OutputsError(
      'expected the outputs of the module as the program writes them with "output -json", got others',
    );
  }
}

/** What the module marks as sensitive is named, and not told. */
function toValues(json: string): JsonObject {
  const all = Object.entries(parseValues(json));
  const open = all.filter(([, { sensitive }]) => !sensitive);
  return {
    values: Object.fromEntries(open.map(([name, { value }]) => [name, value as JsonValue])),
    sensitive: all.filter(([, { sensitive }]) => sensitive).map(([name]) => name),
  };
}

function toOutputs(files: LeftFiles): JsonObject {
  const done = getText(files, action);
  if (done === null) throw new OutputsError('expected files of the plan in the folder of the attempt, found none');
  if (done === 'unlock') return { action: done };
  const json = getText(files, plan);
  const summary = (json === null ? null : toPlanSummary(json)) ?? {
    add: null,
    change: null,
    destroy: null,
    resources: [],
  };
  const told = getText(files, values);
  const kept = getText(files, keptPlan);
  return {
    action: done,
    changes: getText(files, changes) === 'true',
    ...summary,
    resources: summary.resources.map((resource) => ({ ...resource })),
    ...(told === null ? {} : toValues(told)),
    ...(kept === null ? {} : { plan: kept }),
  };
}

function explain(files: LeftFiles): string | null {
  const reason = getText(files, failure);
  const log = toLogOfFailure(files, reason);
  const holder = findLockHolder(log);
  if (holder !== null) {
    const { id, who, created, operation } = holder;
    const held = [
      who === null ? '' : ` by ${who}`,
      created === null ? '' : ` since ${created}`,
      operation === null ? '' : ` (${operation})`,
    ];
    return `the state is locked${held.join('')}, lock id ${id}: wait for that run, or if it is certain that it is dead, release the lock with the action unlock and this id`;
  }
  const error = findFirstError(log) ?? /^Failed to unlock state: (.*)$/m.exec(log)?.[1] ?? null;
  if (reason === null || error === null) return reason ?? error;
  return reason.includes(':') ? reason : `${reason}: ${error}`;
}

/** Plan summary and outputs of a module, or why there are none. */
export const tofuHarvest: Harvest = {
  outputFiles: [action, changes, plan, values, keptPlan],
  outputsOnFailure: false,
  toOutputs,
  failureFiles: [failure, logTail],
  explain,
};
