import { join } from 'node:path';
import type { JsonObject } from '../../protocol/json.ts';
import type { Automation } from './automation.ts';
import type { JobUser } from './job-user.ts';
import type { Preparation } from './preparation.ts';
import { outputsFileName } from './program-outputs.ts';
import { toText } from './reference-scope.ts';
import type { Refusal } from './refusal.ts';
import { findSharedVariable, toVariableName } from './variable-name.ts';

/** In the attempt's folder: the parameters as JSON. */
export const parametersFileName = 'parameters.json';

/** In the same folder, made by the program: how far it is (`FARHAND_PROGRESS`). */
export const progressFileName = 'progress';

/** A longer parameter stands in the file only. */
const maxParameterBytes = 64 * 1024;

/** What a job or a probe has of the agent's own environment without being asked. */
export const inherited = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];
/** The same for a job of another user, which has its own home and may not have the agent's folder for temporary files. */
const inheritedByOthers = ['PATH', 'LANG', 'TZ'];

const parameterPrefix = 'FARHAND_PARAM_';
const secretPrefix = 'FARHAND_SECRET_';

function findSharedNames(prefix: string, part: 'parameters' | 'secrets', names: Iterable<string>): Refusal | null {
  const shared = findSharedVariable(prefix, names);
  if (shared === null) return null;
  const message = `${part} ${JSON.stringify(shared.first)} and ${JSON.stringify(shared.second)} would both be the variable ${shared.variable}: rename one`;
  const pointer = `/${part}/${shared.second.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return { type: 'refused', cause: 'parameters-invalid', message, errors: [{ pointer, message }] };
}

/** Two parameters, or two secrets, that would share a variable are refused. */
export function findSharedVariables(parameters: JsonObject, secrets: Preparation['secrets']): Refusal | null {
  return (
    findSharedNames(parameterPrefix, 'parameters', Object.keys(parameters)) ??
    findSharedNames(secretPrefix, 'secrets', Object.keys(secrets))
  );
}

function pick(source: Preparation['environment'], names: readonly string[]): [string, string][] {
  return names.flatMap((name): [string, string][] => {
    const value = source[name];
    return value === undefined ? [] : [[name, value]];
  });
}

function toUserVariables(user: JobUser | null): [string, string][] {
  return user === null ? [] : Object.entries({ HOME: user.home, USER: user.name, LOGNAME: user.name });
}

/** The whole environment of a job; later entries win over earlier ones. `own` is what the automation's file sets. */
export function createJobEnvironment(
  automation: Pick<Automation, 'inherit'>,
  preparation: Preparation,
  {
    parameters,
    own,
    sharesMachine,
  }: {
    readonly parameters: JsonObject;
    readonly own: ReadonlyMap<string, string>;
    /** False where the agent's PATH and folders mean nothing. */
    readonly sharesMachine: boolean;
  },
): Readonly<Record<string, string>> {
  const { document, secrets, folder, user } = preparation;
  const usual = !sharesMachine ? [] : user === null ? inherited : inheritedByOthers;
  const parameterTexts = Object.entries(parameters)
    .map(([name, value]): [string, string] => [toVariableName(parameterPrefix, name), toText(value)])
    .filter(([, text]) => Buffer.byteLength(text) <= maxParameterBytes);
  const secretTexts = Object.entries(secrets).map(([name, value]) => [toVariableName(secretPrefix, name), value]);
  return Object.fromEntries([
    ...pick(preparation.environment, [...usual, ...automation.inherit]),
    ...toUserVariables(user),
    ...own,
    ['FARHAND_JOB_ID', document.job],
    ['FARHAND_ATTEMPT_ID', document.attempt],
    ['FARHAND_ATTEMPT', String(document.number)],
    ['FARHAND_PARAMETERS', join(folder, parametersFileName)],
    ['FARHAND_OUTPUTS', join(folder, outputsFileName)],
    ['FARHAND_PROGRESS', join(folder, progressFileName)],
    ...(document.traceparent === null ? [] : [['TRACEPARENT', document.traceparent]]),
    ...(document.tracestate === null ? [] : [['TRACESTATE', document.tracestate]]),
    ...parameterTexts,
    ...secretTexts,
  ]);
}
