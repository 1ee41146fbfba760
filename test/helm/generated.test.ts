import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { renderCharts } from '../../build/generate-helm.ts';
import { version } from '../../runtime/version.ts';

const helm = join(import.meta.dirname, '../../helm');
const read = (path: string) => readFileSync(join(helm, path), 'utf8');

describe('what is generated of the charts', () => {
  it('is what the schemas of the configuration say (npm run docs:helm writes it)', async () => {
    for (const [path, text] of await renderCharts()) assert.equal(read(path), text, path);
  });

  for (const chart of ['farhand-hub', 'farhand-agent']) {
    const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(read(`${chart}/values.schema.json`)));
    const usual = (): Record<string, never> => parse(read(`${chart}/values.yaml`));
    const findMistakes = (changed: object) => {
      validate({ ...usual(), ...changed });
      return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join('; ');
    };

    it(`${chart} has the version of farhand`, () => {
      const { version: ofChart, appVersion } = parse(read(`${chart}/Chart.yaml`));

      assert.deepEqual({ ofChart, appVersion }, { ofChart: version, appVersion: version });
    });

    it(`${chart} has a default for each value, and every default is one that it takes`, () => {
      const { properties } = JSON.parse(read(`${chart}/values.schema.json`));

      assert.equal(findMistakes({}), '');
      assert.deepEqual(listPaths(usual()), listPaths(toDefaults(properties)));
    });

    it(`${chart} takes the configuration as docs/config.md has it, and nothing else`, () => {
      assert.equal(findMistakes({ config: { logLevel: 'debug', drainSeconds: 90.5, insecure: true } }), '');
      assert.equal(findMistakes({ config: { logLevel: null } }), '', 'null takes a value of an earlier file away');

      assert.match(findMistakes({ config: { logLevel: 'loud' } }), /logLevel must be equal to one of/);
      assert.match(findMistakes({ config: { drainSeconds: -1 } }), /drainSeconds must be >= 0/);
      assert.match(findMistakes({ config: { insecure: 'maybe' } }), /insecure must be boolean/);
      assert.match(findMistakes({ config: { drianSeconds: 9 } }), /config must NOT have additional properties/);
      assert.match(findMistakes({ config: { data: '/data' } }), /config must NOT have additional properties/);
      assert.match(findMistakes({ persistance: {} }), /must NOT have additional properties/);
    });

    it(`${chart} takes each default of the configuration, written as one writes it`, () => {
      const { defaults } = JSON.parse(read(`${chart}/generated/variables.json`));

      for (const [name, text] of Object.entries(defaults))
        if (text !== '') assert.equal(findMistakes({ config: { [name]: parse(String(text)) } }), '', name);
    });

    it(`${chart} takes no secret by value`, () => {
      const { properties } = JSON.parse(read(`${chart}/values.schema.json`));

      for (const name of Object.keys(properties.secrets.properties)) {
        assert.match(findMistakes({ config: { [name]: 'x' } }), /must NOT have additional properties/);
        assert.match(findMistakes({ secrets: { [name]: 'x' } }), /must be object/);
        assert.match(findMistakes({ secrets: { [name]: { value: 'x' } } }), /must NOT have additional properties/);
      }
    });
  }
});

type Properties = Readonly<Record<string, { readonly properties?: Properties }>>;

/** The shape that the values have by their schema. Whoever sets nothing in `config` leaves it to the process. */
function toDefaults(properties: Properties): object {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => name !== 'global')
      .map(([name, { properties: below }]) => [
        name,
        below === undefined || name === 'config' ? null : toDefaults(below),
      ]),
  );
}

/** Down to what the schema leaves to Kubernetes. */
function listPaths(values: object, depth = 2): readonly string[] {
  return Object.entries(values)
    .flatMap(([name, value]) =>
      depth > 1 && closed.has(name) ? listPaths(value, depth - 1).map((path) => `${name}.${path}`) : [name],
    )
    .toSorted();
}

const closed = new Set([
  'secrets',
  'image',
  'tls',
  'persistence',
  'scratch',
  'service',
  'ingress',
  'networkPolicy',
  'serviceMonitor',
  'prometheusRule',
  'backup',
  'test',
  'rbac',
  'podDisruptionBudget',
  'serviceAccount',
]);
