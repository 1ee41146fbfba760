import { resolve } from 'node:path';
import type { JsonObject } from '../../../protocol/json.ts';
import type { AutomationKind, FileFault, RecipeCommand, RecipeContext, RecipeReading } from '../automation-kind.ts';
import { toText } from '../reference-scope.ts';
import type { Refusal } from '../refusal.ts';
import { parseTemplate, type Template } from '../template.ts';
import { type ActionChoice, chooseAction, findActionFaults } from './chosen-action.ts';
import { type ModuleVariables, readModuleVariables } from './module-variables.ts';
import { packerHarvest } from './packer/packer-harvest.ts';
import { PackerValues, packerActions, packerKeys } from './packer/packer-keys.ts';
import { packerProgram } from './packer/packer-program.ts';
import { toProgram } from './program-path.ts';
import { renderAll } from './render-all.ts';

interface PackerRecipe {
  readonly values: PackerValues;
  readonly program: string;
  readonly choice: ActionChoice;
  readonly only: readonly Template[];
  readonly except: readonly Template[];
  readonly variables: ModuleVariables;
}

const remedy = 'install packer on the agent\'s machine, or name the program of the automation by the key "program"';

/** A build that is stopped removes what it made in a cloud, which takes its time. */
const graceSeconds = 300;

/** A template in the older syntax, in JSON. */
function isOldTemplate(template: string): boolean {
  return template.endsWith('.json') && !template.endsWith('.pkr.json');
}

/** Builders fill in what stands between `{{` and `}}`, wherever it came from, in templates of both syntaxes. */
function refuseCode(file: JsonObject): Refusal | null {
  const [bad] = Object.entries(file).find(([, value]) => JSON.stringify(value).includes('{{')) ?? [];
  if (bad === undefined) return null;
  const message = `the variable ${JSON.stringify(bad)}: expected a value without "{{", which packer would take for code: give another`;
  return { type: 'refused', cause: 'parameters-invalid', message, errors: [] };
}

/** The file of variables for the syntax of the template. The older one knows only texts. */
function toVariablesFile(file: JsonObject, isOld: boolean): { readonly name: string; readonly content: string } {
  if (!isOld) return { name: 'variables.pkrvars.json', content: JSON.stringify(file) };
  const texts = Object.entries(file).map(([name, value]) => [name, toText(value)] as const);
  return { name: 'variables.json', content: JSON.stringify(Object.fromEntries(texts)) };
}

function prepare(recipe: PackerRecipe, context: RecipeContext): RecipeCommand | Refusal {
  const { values, program, choice } = recipe;
  const { folder, home } = context;
  const chosen = chooseAction(choice, context);
  if (chosen.type === 'refused') return chosen;
  const only = renderAll(recipe.only, context);
  if (only.type === 'refused') return only;
  const except = renderAll(recipe.except, context);
  if (except.type === 'refused') return except;
  const variables = recipe.variables.prepare(context);
  if (variables.type === 'refused') return variables;
  const refusal = refuseCode(variables.file);
  if (refusal !== null) return refusal;
  const file = toVariablesFile(variables.file, isOldTemplate(values.template));

  const { action } = chosen;
  const plugins = values.pluginFolder === null ? '' : resolve(home, values.pluginFolder);
  const source = resolve(home, values.source);
  const place = [program, action, source, values.template, values.manifest, values.init ? 'yes' : 'no', plugins];
  const building = ['-color=false', `-on-error=${values.onError}`, `-parallel-builds=${values.parallelBuilds}`];
  return {
    type: 'prepared',
    argv: [
      'sh',
      `${folder}/packer-program`,
      ...place,
      ...(action === 'build' ? building : []),
      ...(action === 'build' && values.force ? ['-force'] : []),
      ...(only.texts.length === 0 ? [] : [`-only=${only.texts.join(',')}`]),
      ...(except.texts.length === 0 ? [] : [`-except=${except.texts.join(',')}`]),
      `-var-file=${folder}/${file.name}`,
    ],
    files: [
      { name: 'packer-program', content: packerProgram, executable: false },
      { name: file.name, content: file.content, executable: false },
    ],
    environment: { ...variables.environment, CHECKPOINT_DISABLE: '1', PACKER_NO_COLOR: '1' },
  };
}

function findPlaceFaults({ workingDirectory }: PackerValues): FileFault[] {
  if (workingDirectory === '.') return [];
  const message = 'a template is built in a copy of "source": name it there by "template", and take this out';
  return [{ path: ['workingDirectory'], part: 'key', message }];
}

/** A template of the older syntax asks for its secrets itself. */
function findSecretFaults({ template, variables }: PackerValues): FileFault[] {
  if (!isOldTemplate(template)) return [];
  return Object.entries(variables ?? {})
    .filter(([, value]) => typeof value === 'string' && value.includes('${secrets.'))
    .map(([name]) => ({
      path: ['variables', name],
      message:
        'a JSON template takes a secret from the environment: write "{{env `FARHAND_SECRET_NAME`}}" as the default of its variable, and take this out',
    }));
}

function read(values: PackerValues, home: string): RecipeReading {
  const program = toProgram(values.program ?? 'packer', home);
  const action = parseTemplate(values.action);
  const choice: ActionChoice = { action, allowed: values.actions, known: packerActions };
  const only = values.only.map(parseTemplate);
  const except = values.except.map(parseTemplate);
  const templates = [
    { path: ['action'], template: action },
    ...only.map((template, index) => ({ path: ['only', index], template })),
    ...except.map((template, index) => ({ path: ['except', index], template })),
  ];
  const used = templates.map(({ template }) => template);
  const variables = readModuleVariables(values.variables, { used, prefix: 'PKR_VAR_' });
  const recipe = { values, program, choice, only, except, variables };
  return {
    recipe: { prepare: (context) => prepare(recipe, context) },
    needs: [{ program, remedy }],
    templates: [...templates, ...variables.templates],
    faults: [...findActionFaults(choice), ...variables.faults, ...findSecretFaults(values), ...findPlaceFaults(values)],
  };
}

/** Validates and builds templates of Packer. */
export const packerKind: AutomationKind = {
  name: 'packer',
  keys: packerKeys,
  graceSeconds,
  saidBy: ['template'],
  isPortable: false,
  harvest: packerHarvest,
  read: (values, { home }) => read(PackerValues.parse(values), home),
};
