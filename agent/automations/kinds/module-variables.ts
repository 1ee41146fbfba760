import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import type { FileFault, RecipeContext, RecipeReading } from '../automation-kind.ts';
import type { Refusal } from '../refusal.ts';
import { getReferences, type Template } from '../template.ts';
import {
  holdsSecret,
  listTemplates,
  parseValueTemplate,
  renderValueTemplate,
  type ValueTemplate,
} from '../value-template.ts';

/** Variables of a module or a template: what is in a file may be long and of any type, what is secret goes by the environment. */
export interface VariableTexts {
  readonly file: JsonObject;
  readonly environment: Readonly<Record<string, string>>;
}

/** Reads the key `variables` of kinds whose programs know variables by name. */
export interface ModuleVariables {
  readonly templates: RecipeReading['templates'];
  readonly faults: readonly FileFault[];
  prepare(context: RecipeContext): ({ readonly type: 'prepared' } & VariableTexts) | Refusal;
}

/** What a shell passes on. */
const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;

function findSecretFaults(name: string, value: ValueTemplate): FileFault[] {
  const texts = listTemplates(value, ['variables', name]).filter(({ template }) => holdsSecret(template));
  if (texts.length === 0) return [];
  if (value.type !== 'text') {
    return texts.map(({ path }) => ({
      path,
      message: 'a secret goes to the program by its environment, as a text of its own: give it a variable for itself',
    }));
  }
  if (environmentName.test(name)) return [];
  const message = `expected a name of letters, digits and "_" for a variable that takes a secret, got ${JSON.stringify(name)}: rename it`;
  return [{ path: ['variables', name], part: 'key', message }];
}

/** Without the key: each parameter that the file's other keys do not use, and each secret, under its own name. */
function createImplicit(used: readonly Template[], prefix: string): ModuleVariables {
  const taken = new Set(
    used
      .flatMap(getReferences)
      .flatMap(({ path: [root, name] }) => (root === 'parameters' && name !== undefined ? [name] : [])),
  );
  return {
    templates: [],
    faults: [],
    prepare: (context) => {
      const { parameters, secretNames } = context;
      const file = Object.fromEntries(Object.entries(parameters).filter(([name]) => !taken.has(name)));
      const environment: Record<string, string> = {};
      for (const name of secretNames.filter((secret) => environmentName.test(secret))) {
        const reference = { source: `\${secrets.${name}}`, path: ['secrets', name] as const };
        const rendered = context.render([{ type: 'reference', reference }]);
        if (rendered.type === 'refused') return rendered;
        environment[prefix + name] = rendered.text;
      }
      return { type: 'prepared', file, environment };
    },
  };
}

/**
 * @param variables what the file says, or null
 * @param used the templates of the file's other keys
 * @param prefix of the variables of the environment that the program takes, such as `TF_VAR_`
 */
export function readModuleVariables(
  variables: JsonObject | null,
  { used, prefix }: { readonly used: readonly Template[]; readonly prefix: string },
): ModuleVariables {
  if (variables === null) return createImplicit(used, prefix);
  const values = Object.entries(variables).map(
    ([name, value]: [string, JsonValue]) => [name, parseValueTemplate(value)] as const,
  );
  return {
    templates: values.flatMap(([name, value]) =>
      listTemplates(value, ['variables', name]).map((one) => ({ ...one, secretsAllowed: true })),
    ),
    faults: values.flatMap(([name, value]) => findSecretFaults(name, value)),
    prepare: (context) => {
      const file: [string, JsonValue][] = [];
      const environment: Record<string, string> = {};
      for (const [name, value] of values) {
        if (value.type === 'text' && holdsSecret(value.template)) {
          const rendered = context.render(value.template);
          if (rendered.type === 'refused') return rendered;
          environment[prefix + name] = rendered.text;
        } else {
          const rendered = renderValueTemplate(value, context);
          if (rendered.type === 'refused') return rendered;
          file.push([name, rendered.value]);
        }
      }
      return { type: 'prepared', file: Object.fromEntries(file), environment };
    },
  };
}
