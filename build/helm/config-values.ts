import { type ConfigKey, type JsonSchema, toFileVariable } from '../../runtime/configuration/config-key.ts';
import type { Chart } from './chart.ts';
import { closedObject, secretReference } from './shared-values.ts';

/** What the templates look up: which variable a key is, and what it is when nobody sets it. */
export interface ConfigVariables {
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly defaults: Readonly<Record<string, string>>;
  /** Variables that the chart sets itself, each with the value that says so. */
  readonly owned: Readonly<Record<string, string>>;
}

/** `config` and `secrets` of the values. Throws where the chart owns a key that is not there. */
export function toConfigValues(chart: Chart): Readonly<Record<'config' | 'secrets', JsonSchema>> {
  const keys = listKeys(chart);
  const plain = keys.filter(([, { sensitive }]) => !sensitive).map(([name, key]) => [name, toValueSchema(key)]);
  const secret = keys.filter(([, { sensitive }]) => sensitive).map(([name, key]) => [name, toSecretSchema(key)]);
  return {
    config: closedObject('What the process is told, by the names of docs/config.md.', Object.fromEntries(plain)),
    secrets: closedObject('Where secrets are: nothing secret is in the values.', Object.fromEntries(secret)),
  };
}

export function toConfigVariables(chart: Chart): ConfigVariables {
  const keys = listKeys(chart);
  const pick = (isSensitive: boolean) => keys.filter(([, { sensitive }]) => sensitive === isSensitive);
  return {
    config: Object.fromEntries(pick(false).map(([name, { variable }]) => [name, variable])),
    secrets: Object.fromEntries(pick(true).map(([name, { variable }]) => [name, toFileVariable(variable)])),
    // One that depends on the machine is none of the chart's.
    defaults: Object.fromEntries(
      pick(false).flatMap(([name, key]) =>
        key.default === null || key.defaultDoc !== undefined ? [] : [[name, key.default]],
      ),
    ),
    owned: Object.fromEntries(
      Object.entries(chart.owned).flatMap(([name, value]) => {
        const key = chart.schema[name];
        return key === undefined ? [] : [[key.variable, value]];
      }),
    ),
  };
}

function listKeys({ name, schema, owned }: Chart): readonly (readonly [string, ConfigKey<unknown>])[] {
  const gone = Object.keys(owned).filter((key) => !Object.hasOwn(schema, key));
  if (gone.length > 0) throw new Error(`${name}: expected keys of its configuration, got ${gone.join(', ')}`);
  return Object.entries(schema).filter(([key]) => !Object.hasOwn(owned, key));
}

function toValueSchema({ variable, doc, format, defaultDoc, default: usual }: ConfigKey<unknown>): JsonSchema {
  const otherwise = defaultDoc ?? usual;
  const known = format.schema ?? { type: 'string', minLength: 1 };
  return {
    description: `${variable}: ${doc} Takes ${format.expected}.${otherwise === null || otherwise === '' ? '' : ` Default: ${otherwise}.`}`,
    // `null` is how values that come later take a key away again.
    anyOf: [known, { type: 'null' }],
  };
}

function toSecretSchema({ variable, doc }: ConfigKey<unknown>): JsonSchema {
  return secretReference(`${toFileVariable(variable)}: ${doc}`);
}
