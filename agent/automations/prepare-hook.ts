import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findExecFault } from './exec-limits.ts';
import type { HookName, HookPlan } from './hook.ts';
import { createJobEnvironment, parametersFileName } from './job-environment.ts';
import type { Preparation } from './preparation.ts';
import type { PreparedCommand } from './prepared-command.ts';
import { createReferenceScope } from './reference-scope.ts';
import type { Refusal } from './refusal.ts';
import { renderTemplate } from './render-template.ts';
import { toRunAs } from './to-run-as.ts';

/** A relative path is looked for beside the automation's file, and is otherwise one of the attempt's folder. */
function findHookProgram(program: string, home: string): string {
  if (!program.includes('/')) return program;
  const beside = resolve(home, program);
  return existsSync(beside) ? beside : program;
}

/**
 * The command of a hook. It runs in the attempt's folder with the job's environment, FARHAND_HOOK and `variables`; its output goes to
 * the job's log. It is started in a folder of its own (`before` or `after` in the attempt's), which has its copy of the
 * parameters. One of another user has them in the user's folder, written anew.
 */
export function prepareHook(
  name: HookName,
  plan: HookPlan,
  {
    preparation,
    variables,
  }: { readonly preparation: Preparation; readonly variables: Readonly<Record<string, string>> },
): { readonly type: 'prepared'; readonly command: PreparedCommand } | Refusal {
  const { document, secrets, agent, folder, user } = preparation;
  const { parameters } = plan;
  const scope = createReferenceScope({ document, parameters, agent, secrets });
  const own = new Map<string, string>();
  for (const [variable, template] of plan.environment) {
    const rendered = renderTemplate(template, scope);
    if (rendered.type === 'refused') return rendered;
    own.set(variable, rendered.text);
  }
  const [program, ...rest] = plan.argv;
  const argv = [findHookProgram(program, plan.home), ...rest] as const;
  const environment = {
    ...createJobEnvironment(plan, preparation, { parameters, own, sharesMachine: true }),
    FARHAND_PARAMETERS: user === null ? join(folder, name, parametersFileName) : join(folder, parametersFileName),
    FARHAND_HOOK: name,
    ...variables,
  };
  const fault = findExecFault(argv, environment);
  if (fault !== null) return fault;
  const files = [{ name: parametersFileName, content: JSON.stringify(parameters), executable: false }];
  const output = { file: '../raw', limitBytes: null } as const;
  return {
    type: 'prepared',
    command: { argv, environment, workingDirectory: folder, files, output, ...toRunAs(preparation) },
  };
}
