import { agentConfigSchema } from '../agent/config.ts';
import { runnerConfigSchema } from '../agent/runner/runner-config.ts';
import { hubConfigSchema } from '../hub/config.ts';
import { findNearestWord } from '../protocol/nearest-word.ts';
import { toFileVariable } from '../runtime/configuration/config-key.ts';
import { clientConfigSchema } from './client-config.ts';
import { devConfigSchema } from './dev-config.ts';

/** Read by the launcher, or set for the programs that jobs run, which may call farhand themselves. */
const otherVariables = [
  'FARHAND_WRAPPED',
  'FARHAND_JOB_ID',
  'FARHAND_ATTEMPT_ID',
  'FARHAND_ATTEMPT',
  'FARHAND_PARAMETERS',
  'FARHAND_OUTPUTS',
  'FARHAND_PROGRESS',
  'FARHAND_HOOK',
  'FARHAND_OUTCOME',
  'FARHAND_EXIT_CODE',
];
const otherPrefixes = ['FARHAND_PARAM_', 'FARHAND_SECRET_'];

/** One line for each `FARHAND_…` variable that no part of farhand reads: most likely a name mistyped. */
export function findUnknownVariables(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const settable = new Set(['FARHAND_NODE']);
  for (const schema of [hubConfigSchema, agentConfigSchema, runnerConfigSchema, clientConfigSchema, devConfigSchema]) {
    for (const { variable, sensitive } of Object.values(schema)) {
      settable.add(variable);
      if (sensitive) settable.add(toFileVariable(variable));
    }
  }
  const known = new Set([...settable, ...otherVariables]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('FARHAND_') && !known.has(name))
    .filter((name) => !otherPrefixes.some((prefix) => name.startsWith(prefix)))
    .map((name) => {
      const near = findNearestWord(name, settable);
      return `${name} is set, but nothing reads it${near === null ? '' : `; did you mean ${near}?`}`;
    });
}
