import { resolve } from 'node:path';
import { Id, Name } from '../../../../protocol/names.ts';
import type { AutomationKind, FileFault, RecipeCommand, RecipeContext, RecipeReading } from '../../automation-kind.ts';
import type { Refusal } from '../../refusal.ts';
import { getReferences, parseTemplate, type Template } from '../../template.ts';
import { type ActionChoice, chooseAction, findActionFaults } from '../chosen-action.ts';
import { type ModuleVariables, readModuleVariables } from '../module-variables.ts';
import { toProgram } from '../program-path.ts';
import { renderAll } from '../render-all.ts';
import { toBackendSettings } from './backend-settings.ts';
import { tofuHarvest } from './tofu-harvest.ts';
import { TofuValues, tofuActions, tofuKeys } from './tofu-keys.ts';
import { tofuProgram } from './tofu-program.ts';

/** The texts of a file, taken apart. */
interface TofuRecipe {
  readonly values: TofuValues;
  readonly program: string;
  readonly choice: ActionChoice;
  readonly workspace: Template | null;
  readonly lockId: Template | null;
  readonly plan: Template | null;
  readonly targets: readonly Template[];
  readonly backendConfig: readonly (readonly [name: string, template: Template])[];
  readonly variables: ModuleVariables;
}

/** An interrupted provider may wait for an answer of its cloud: what is killed meanwhile leaves a lock, and things that no state knows. */
const graceSeconds = 300;

function refuse(message: string): Refusal {
  return { type: 'refused', cause: 'parameters-invalid', message, errors: [] };
}

function findStateFaults({ stateFolder, backendConfig }: TofuValues): FileFault[] {
  if (stateFolder === null || backendConfig === null) return [];
  const message = 'expected "stateFolder" or settings of a backend, got both: take one out';
  return [{ path: ['backendConfig'], part: 'key', message }];
}

function findPlanFaults({ plan, planFolder }: TofuValues): FileFault[] {
  if (plan === null || planFolder !== null) return [];
  return [{ path: ['plan'], part: 'key', message: 'needs beside it "planFolder", where plans are kept: add it' }];
}

function findLockFaults({ lockId, actions }: TofuValues, choice: ActionChoice): FileFault[] {
  const fixed = getReferences(choice.action).length === 0 && choice.action[0]?.type === 'text' && choice.action[0].text;
  const unlocks = fixed === 'unlock' || (actions?.includes('unlock') ?? false);
  if (unlocks === (lockId !== null)) return [];
  if (unlocks) {
    const message = 'unlock needs beside it "lockId", such as "${parameters.lockId}": add it';
    return [{ path: [fixed === 'unlock' ? 'action' : 'actions'], message }];
  }
  return [{ path: ['lockId'], part: 'key', message: 'only the action unlock needs it: take it out' }];
}

function renderWorkspace(
  template: Template | null,
  context: RecipeContext,
): { readonly type: 'rendered'; readonly text: string } | Refusal {
  if (template === null) return { type: 'rendered', text: '' };
  const rendered = context.render(template);
  if (rendered.type === 'refused' || Name.safeParse(rendered.text).success) return rendered;
  return refuse(
    `the workspace: expected 1 to 63 letters, digits, ".", "_" or "-", starting with a letter or digit, got ${JSON.stringify(rendered.text.slice(0, 80))}`,
  );
}

function renderLockId(
  { lockId }: TofuRecipe,
  action: string,
  context: RecipeContext,
): { readonly type: 'rendered'; readonly text: string } | Refusal {
  if (action !== 'unlock' || lockId === null) return { type: 'rendered', text: '' };
  const rendered = context.render(lockId);
  if (rendered.type === 'refused' || /^[^-\s]\S{0,255}$/.test(rendered.text)) return rendered;
  return refuse(
    `the lock id: expected it as the message about the lock tells it, got ${JSON.stringify(rendered.text.slice(0, 80))}`,
  );
}

/** A job that names no plan gets a new one. */
function renderPlan(
  { plan }: TofuRecipe,
  action: string,
  context: RecipeContext,
): { readonly type: 'rendered'; readonly text: string } | Refusal {
  if (action !== 'apply' || plan === null) return { type: 'rendered', text: '' };
  const rendered = context.render(plan);
  if (rendered.type === 'refused' || rendered.text === '' || Id.safeParse(rendered.text).success) return rendered;
  return refuse(
    `the plan: expected its name as the outputs of the job that made it tell, got ${JSON.stringify(rendered.text.slice(0, 80))}`,
  );
}

function listSettings(
  recipe: TofuRecipe,
  state: string,
  context: RecipeContext,
): { readonly type: 'rendered'; readonly settings: readonly (readonly [string, string])[] } | Refusal {
  if (state !== '') {
    const paths = [
      ['path', `${state}/terraform.tfstate`],
      ['workspace_dir', `${state}/workspaces`],
    ] as const;
    return { type: 'rendered', settings: paths };
  }
  const rendered = renderAll(
    recipe.backendConfig.map(([, template]) => template),
    context,
  );
  if (rendered.type === 'refused') return rendered;
  const settings = recipe.backendConfig.map(([name], index) => [name, rendered.texts[index] ?? ''] as const);
  return { type: 'rendered', settings };
}

function prepare(recipe: TofuRecipe, context: RecipeContext): RecipeCommand | Refusal {
  const { values, program } = recipe;
  const { folder, home } = context;
  const place = (path: string | null): string => (path === null ? '' : resolve(home, path));
  const chosen = chooseAction(recipe.choice, context);
  if (chosen.type === 'refused') return chosen;
  const workspace = renderWorkspace(recipe.workspace, context);
  if (workspace.type === 'refused') return workspace;
  const lockId = renderLockId(recipe, chosen.action, context);
  if (lockId.type === 'refused') return lockId;
  const plan = renderPlan(recipe, chosen.action, context);
  if (plan.type === 'refused') return plan;
  const targets = renderAll(recipe.targets, context);
  if (targets.type === 'refused') return targets;
  const state = place(values.stateFolder);
  const settings = listSettings(recipe, state, context);
  if (settings.type === 'refused') return settings;
  const variables = recipe.variables.prepare(context);
  if (variables.type === 'refused') return variables;

  const first = [program, chosen.action, place(values.source), values.module, workspace.text];
  const second = [String(values.lockTimeoutSeconds), state, lockId.text, place(values.pluginCache)];
  const third = [place(values.planFolder), plan.text, context.job];
  const backend = toBackendSettings(settings.settings);
  return {
    type: 'prepared',
    argv: [
      'sh',
      `${folder}/tofu-program`,
      ...first,
      ...second,
      ...third,
      ...targets.texts.map((target) => `-target=${target}`),
    ],
    files: [
      { name: 'tofu-program', content: tofuProgram, executable: false },
      { name: 'variables.tfvars.json', content: JSON.stringify(variables.file), executable: false },
      ...(backend === '' ? [] : [{ name: 'farhand.tfbackend', content: backend, executable: false }]),
    ],
    environment: { ...variables.environment, TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' },
  };
}

function read(
  values: TofuValues,
  { named, remedy, home }: { readonly named: string; readonly remedy: string; readonly home: string },
): RecipeReading {
  const action = parseTemplate(values.action);
  const choice: ActionChoice = { action, allowed: values.actions, known: tofuActions };
  const workspace = values.workspace === null ? null : parseTemplate(values.workspace);
  const lockId = values.lockId === null ? null : parseTemplate(values.lockId);
  const plan = values.plan === null ? null : parseTemplate(values.plan);
  const targets = values.targets.map(parseTemplate);
  const backendConfig = Object.entries(values.backendConfig ?? {}).map(
    ([name, text]) => [name, parseTemplate(text)] as const,
  );
  const templates = [
    { path: ['action'], template: action },
    ...(workspace === null ? [] : [{ path: ['workspace'], template: workspace }]),
    ...(lockId === null ? [] : [{ path: ['lockId'], template: lockId }]),
    ...(plan === null ? [] : [{ path: ['plan'], template: plan }]),
    ...targets.map((template, index) => ({ path: ['targets', index], template })),
    ...backendConfig.map(([name, template]) => ({ path: ['backendConfig', name], template })),
  ];
  const used = templates.map(({ template }) => template);
  const variables = readModuleVariables(values.variables, { used, prefix: 'TF_VAR_' });
  const program = toProgram(values.program ?? named, home);
  const recipe = { values, program, choice, workspace, lockId, plan, targets, backendConfig, variables };
  return {
    recipe: { prepare: (context) => prepare(recipe, context) },
    needs: [{ program, remedy }],
    templates: [...templates, ...variables.templates],
    faults: [
      ...findActionFaults(choice),
      ...findStateFaults(values),
      ...findPlanFaults(values),
      ...findLockFaults(values, choice),
      ...variables.faults,
      ...findPlaceFaults(values),
    ],
  };
}

function findPlaceFaults({ workingDirectory }: TofuValues): FileFault[] {
  if (workingDirectory === '.') return [];
  const message = 'a module runs in a copy of its own: name the folder within it by "module", and take this out';
  return [{ path: ['workingDirectory'], part: 'key', message }];
}

/** Runs a module of OpenTofu or Terraform, which are alike on their command lines. */
export function createTofuKind(name: 'terraform' | 'tofu'): AutomationKind {
  const product = name === 'tofu' ? 'OpenTofu' : 'Terraform';
  const remedy = `install ${product} on the agent's machine, or name the program of the automation by the key "program"`;
  return {
    name,
    keys: tofuKeys,
    graceSeconds,
    saidBy: [],
    isPortable: false,
    harvest: tofuHarvest,
    read: (values, { home }) => read(TofuValues.parse(values), { named: name, remedy, home }),
  };
}
