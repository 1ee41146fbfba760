import { JsonObject } from '../../../protocol/json.ts';
import { toFileFaults } from '../../automations/schema-fault.ts';
import { templatedKey } from '../../automations/templated-key.ts';
import { listTemplates, parseValueTemplate, renderValueTemplate } from '../../automations/value-template.ts';
import type { ExecutorKind, ExecutorReading } from '../executor-kind.ts';
import { platformCauses } from '../platform-cause.ts';
import { DummySettings } from './dummy-settings.ts';

const { shape } = DummySettings;

const keys = {
  sleepSeconds: templatedKey(shape.sleepSeconds).describe('seconds, from 0, such as 2.5'),
  exitCode: templatedKey(shape.exitCode).describe('a whole number from 0 to 255'),
  print: templatedKey(shape.print).describe('text, in quotes or after "|"'),
  lines: templatedKey(shape.lines).describe('how many lines to print, a whole number'),
  bytes: templatedKey(shape.bytes).describe('how many bytes to print, a whole number'),
  outputs: templatedKey(shape.outputs).describe('an object such as {version: "1.2"}'),
  ignoreTerm: templatedKey(shape.ignoreTerm).describe('true or false'),
  cause: templatedKey(shape.cause).describe(`one of ${platformCauses.join(', ')}`),
  started: templatedKey(shape.started).describe('true, false or unknown'),
  retrySafe: templatedKey(shape.retrySafe).describe('true or false'),
  failStart: templatedKey(shape.failStart).describe('environment or command'),
};

function read(values: unknown): ExecutorReading {
  const block = parseValueTemplate(JsonObject.parse(values));
  return {
    templates: listTemplates(block, ['dummy']),
    faults: [],
    plan: {
      prepare(context) {
        const rendered = renderValueTemplate(block, context);
        if (rendered.type === 'refused') return rendered;
        const { data, error } = DummySettings.safeParse(rendered.value);
        if (data !== undefined) return { type: 'prepared', settings: data };
        const [fault] = toFileFaults(error, rendered.value, keys);
        const message = `dummy.${fault?.path.join('.') ?? ''}: ${fault?.message ?? 'wrong'}`;
        return { type: 'refused', cause: 'parameters-invalid', message, errors: [] };
      },
    },
  };
}

/** Runs nothing and behaves as its block says: for tests, demonstrations and load. */
export const dummyKind: ExecutorKind = {
  name: 'dummy',
  capabilities: {
    sharesMachine: false,
    runsAsUser: false,
    limitsOutput: true,
    outlivesBoot: true,
    waitsForPlace: false,
    jobFolder: null,
  },
  keys,
  read,
};
