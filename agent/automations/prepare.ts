import { dirname, resolve } from 'node:path';
import type { JobDocument } from '../../protocol/job-document.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { toPointer } from '../../protocol/parse.ts';
import type { Automation } from './automation.ts';
import { findExecFault } from './exec-limits.ts';
import type { Hook, HookPlan } from './hook.ts';
import { createJobEnvironment, findSharedVariables, parametersFileName } from './job-environment.ts';
import type { Preparation } from './preparation.ts';
import type { PreparedCommand } from './prepared-command.ts';
import { createReferenceScope, type ReferenceScope } from './reference-scope.ts';
import type { Refusal } from './refusal.ts';
import { renderTemplate } from './render-template.ts';
import { renderValue } from './render-value.ts';
import { toRunAs } from './to-run-as.ts';

export type PreparationResult =
  | {
      readonly type: 'prepared';
      readonly command: PreparedCommand;
      readonly before: HookPlan | null;
      readonly after: HookPlan | null;
    }
  | Refusal;

function checkParameters(
  automation: Automation,
  document: JobDocument,
): { readonly type: 'checked'; readonly value: JsonObject } | Refusal {
  if (automation.parameters === null) return { type: 'checked', value: document.parameters };
  const verdict = automation.parameters.validate(document.parameters);
  if (verdict.ok) return { type: 'checked', value: verdict.value as JsonObject };
  const errors = verdict.errors.map(({ pointer, message }) => ({ pointer: `/parameters${pointer}`, message }));
  const list = errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
  return {
    type: 'refused',
    cause: 'parameters-invalid',
    message: `the parameters do not fit the automation: ${list.slice(0, 1000)}`,
    errors,
  };
}

function findMissingSecret({ document, secrets }: Preparation): Refusal | null {
  const name = document.secretNames.find((secret) => !Object.hasOwn(secrets, secret));
  if (name === undefined) return null;
  const message = `the job names the secret ${JSON.stringify(name)}, and its value did not come`;
  return {
    type: 'refused',
    cause: 'start-failed',
    message,
    errors: [{ pointer: toPointer(['secrets', name]), message }],
  };
}

function planHook(
  hook: Hook | null,
  { automation, parameters, scope }: { automation: Automation; parameters: JsonObject; scope: ReferenceScope },
): { readonly type: 'planned'; readonly plan: HookPlan | null } | Refusal {
  if (hook === null) return { type: 'planned', plan: null };
  const texts: string[] = [];
  for (const template of hook.argv) {
    const rendered = renderTemplate(template, scope);
    if (rendered.type === 'refused') return rendered;
    texts.push(rendered.text);
  }
  const [program = '', ...rest] = texts;
  const plan: HookPlan = {
    argv: [program, ...rest],
    timeoutMs: hook.timeoutMs,
    home: resolve(dirname(automation.file)),
    inherit: automation.inherit,
    environment: [...automation.environment],
    parameters,
  };
  return { type: 'planned', plan };
}

/**
 * Makes the command of one attempt, and what its hooks are made of, or says why there is none: the same for the same arguments.
 * Touches no file and starts nothing. A refusal's message holds no secret.
 */
export function prepare(automation: Automation, preparation: Preparation): PreparationResult {
  const { document, secrets, folder } = preparation;
  const checked = checkParameters(automation, document);
  if (checked.type === 'refused') return checked;
  const parameters = checked.value;
  const refusal = findMissingSecret(preparation) ?? findSharedVariables(parameters, secrets);
  if (refusal !== null) return refusal;

  const scope = createReferenceScope({ document, parameters, agent: preparation.agent, secrets });
  const prepared = automation.recipe.prepare({
    folder,
    job: document.job,
    home: resolve(dirname(automation.file)),
    parameters,
    secretNames: document.secretNames,
    render: (template) => renderTemplate(template, scope),
    renderValue: (template) => renderValue(template, scope),
  });
  if (prepared.type === 'refused') return prepared;
  const own = new Map(Object.entries(prepared.environment ?? {}));
  for (const [name, template] of automation.environment) {
    const rendered = renderTemplate(template, scope);
    if (rendered.type === 'refused') return rendered;
    own.set(name, rendered.text);
  }
  const planned = automation.executorPlan.prepare({
    render: (template) => renderTemplate(template, scope),
    renderValue: (template) => renderValue(template, scope),
  });
  if (planned.type === 'refused') return planned;
  const { sharesMachine } = automation.executor.capabilities;
  const environment = createJobEnvironment(automation, preparation, { parameters, own, sharesMachine });
  const fault = findExecFault(prepared.argv, environment);
  if (fault !== null) return fault;

  const { log } = automation;
  const parametersFile = { name: parametersFileName, content: JSON.stringify(parameters), executable: false };
  const command: PreparedCommand = {
    argv: prepared.argv,
    environment,
    workingDirectory: resolve(folder, automation.workingDirectory),
    files: [parametersFile, ...prepared.files],
    needs: automation.needs,
    settings: planned.settings,
    ...(log.over === 'gap' ? { output: { file: 'raw', limitBytes: log.limitBytes } } : {}),
    ...toRunAs(preparation),
  };
  const before = planHook(automation.before, { automation, parameters, scope });
  if (before.type === 'refused') return before;
  const after = planHook(automation.after, { automation, parameters, scope });
  if (after.type === 'refused') return after;
  return { type: 'prepared', command, before: before.plan, after: after.plan };
}
