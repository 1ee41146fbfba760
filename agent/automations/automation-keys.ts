import { z } from 'zod';
import { JsonObject } from '../../protocol/json.ts';
import { Name } from '../../protocol/names.ts';
import { processKind } from '../executors/process/process-kind.ts';

const VariableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable: letters, digits and "_"');

/** The agent's own variables hold its join token, and a job's are set for every job. */
const ForeignVariableName = VariableName.regex(
  /^(?!FARHAND_|TRACEPARENT$|TRACESTATE$)/,
  'expected a name that is not taken: FARHAND_…, TRACEPARENT and TRACESTATE are set by the agent',
);

const PlainText = z.string().regex(/^[^\0]*$/, 'expected text without NUL');

const Hook = z
  .array(PlainText)
  .min(1)
  .nullable()
  .default(null)
  .describe('a list: one program and its arguments, each in quotes, such as ["./check.sh"]; there is no shell');

const HookTimeout = z.number().positive().max(3600);

/** What every automation may say, of whatever kind. A description says how to write the value. */
export const automationKeys = {
  name: Name.optional().describe(
    'a name of 1 to 63 letters, digits, ".", "_" or "-"; without it the file\'s name counts',
  ),
  kind: z.string().describe('the kind of automation, such as command or script'),
  executor: z.string().default(processKind.name).describe('the name of what runs it, such as process'),
  description: z.string().max(1024).nullable().default(null).describe('a sentence or two, at most 1024 characters'),
  parameters: JsonObject.nullable().default(null).describe('a JSON Schema (2020-12) of an object'),
  outputs: JsonObject.nullable().default(null).describe('a JSON Schema (2020-12) of an object'),
  timeoutSeconds: z
    .number()
    .positive()
    .max(31_536_000)
    .nullable()
    .default(null)
    .describe('seconds, above 0, such as 600'),
  graceSeconds: z.number().min(0).max(3600).nullable().default(null).describe('seconds, from 0 to 3600, such as 10'),
  retrySafe: z.boolean().default(false).describe('true or false'),
  environment: z
    .record(ForeignVariableName, PlainText)
    .default({})
    .describe('names and values, each value in quotes, such as {LANG: "C.UTF-8"}'),
  inherit: z.array(ForeignVariableName).default([]).describe("names of the agent's variables, such as [HTTPS_PROXY]"),
  workingDirectory: PlainText.min(1)
    .default('.')
    .describe("a path, absolute or within the attempt's folder; no placeholders"),
  maxConcurrent: z.int().positive().nullable().default(null).describe('a whole number above 0'),
  log: z
    .strictObject({
      limitBytes: z.int().positive().nullable().default(null).describe('bytes, a whole number, such as 1073741824'),
      over: z.enum(['fail', 'gap']).default('fail').describe('fail (stop the job) or gap (go on)'),
    })
    .default({ limitBytes: null, over: 'fail' })
    .describe('an object such as {limitBytes: 1073741824, over: fail}'),
  user: z.string().min(1).nullable().default(null).describe('the name of a user of the machine, such as nobody'),
  before: Hook,
  beforeTimeoutSeconds: HookTimeout.default(60).describe('seconds, above 0 and at most 3600, such as 60'),
  after: Hook,
  afterTimeoutSeconds: HookTimeout.default(30).describe('seconds, above 0 and at most 3600, such as 30'),
} as const;
