import { z } from 'zod';
import { FactsPointer, maxVolatile } from '../../../protocol/facts.ts';
import { automationKeys } from '../automation-keys.ts';
import type { AutomationKind, FileFault, Recipe, RecipeReading } from '../automation-kind.ts';
import type { ProbePlan } from '../probe-plan.ts';
import { getReferences, parseTemplate, type Template } from '../template.ts';
import { commandKind } from './command.ts';
import { scriptKind } from './script.ts';

const Seconds = z.number().max(86_400);

const keys = {
  run: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'a list: the program, then its arguments, each in quotes, such as ["./facts.py", "--json"]; there is no shell',
    ),
  script: z.string().regex(/\S/, 'expected text').optional().describe('the text of the script, after "|"'),
  interpreter: z
    .tuple([z.string().min(1)], z.string())
    .default(['sh', '-eu'])
    .describe('a list: the program that runs the script and its options, each in quotes, such as ["sh", "-eu"]'),
  intervalSeconds: Seconds.min(10).default(300).describe('seconds, from 10 to 86400, such as 300'),
  jitterSeconds: Seconds.min(0).nullable().default(null).describe('seconds, from 0 to 86400, such as 30'),
  volatile: z
    .array(FactsPointer)
    .max(maxVolatile)
    .default([])
    .describe('a list of JSON pointers, each in quotes, such as ["/uptimeSeconds", "/disks/*/usedBytes"]'),
};

const Values = z.object({ ...automationKeys, ...keys });
type Values = z.infer<typeof Values>;

/** Without `jitterSeconds`, this part of the interval. */
const usualJitter = 0.1;

/** Keys that speak of jobs. They have defaults, so what counts is that another value was written. */
function findForeignKeys(values: Values): readonly FileFault[] {
  const { parameters, retrySafe, maxConcurrent, log, before, after, user } = values;
  const written = { parameters, maxConcurrent, before, after, user, retrySafe: retrySafe || null, log: log.limitBytes };
  return Object.entries(written)
    .filter(([, value]) => value !== null)
    .map(([key]) => ({
      path: [key],
      part: 'key' as const,
      message: 'a probe is no job, and has none of this: take it out',
    }));
}

/** A probe belongs to no job: of all placeholders only the agent's have a value. */
function findJobReferences(templates: readonly { readonly path: FileFault['path']; readonly template: Template }[]) {
  return templates.flatMap(({ path, template }) =>
    getReferences(template)
      .filter((reference) => reference.path[0] !== 'agent')
      .map((reference): FileFault => {
        const message = `${reference.source}: a probe belongs to no job: there are \${agent.name} and \${agent.labels.<key>}`;
        return { path, message };
      }),
  );
}

interface Command extends Pick<ProbePlan, 'argv' | 'script'> {
  readonly needs: RecipeReading['needs'];
  readonly faults: readonly FileFault[];
}

function toCommand(values: Values, place: { readonly home: string }): Command {
  const { run, script, interpreter } = values;
  const nothing = { argv: [], script: null, needs: [] };
  if (run !== undefined && script !== undefined) {
    const message = 'expected either "run" or "script", got both: take one out';
    return { ...nothing, faults: [{ path: ['script'], part: 'key', message }] };
  }
  if (run !== undefined) {
    const { needs, faults } = commandKind.read(values, place);
    return { argv: run.map(parseTemplate), script: null, needs, faults };
  }
  if (script !== undefined) {
    const argv = interpreter.map((text): Template => [{ type: 'text', text }]);
    const { needs, faults } = scriptKind.read(values, place);
    return { argv, script, needs, faults };
  }
  const message = 'expected "run" or "script", got neither: add what prints the facts as one JSON object';
  return { ...nothing, faults: [{ path: [], message }] };
}

/** No job gets this far: an agent takes no offer of a probe. */
const recipe: Recipe = {
  prepare: () => ({
    type: 'refused',
    cause: 'start-failed',
    message: 'this is a probe: an agent runs it by itself, and no job does',
    errors: [],
  }),
};

function read(given: unknown, place: { readonly home: string }): RecipeReading {
  const values = Values.parse(given);
  const { argv, script, needs, faults } = toCommand(values, place);
  const intervalMs = values.intervalSeconds * 1000;
  const jitterMs = values.jitterSeconds === null ? intervalMs * usualJitter : values.jitterSeconds * 1000;
  const templates = [
    ...(script === null ? argv.map((template, index) => ({ path: ['run', index], template })) : []),
    ...Object.entries(values.environment).map(([name, text]) => ({
      path: ['environment', name],
      template: parseTemplate(text),
    })),
  ];
  return {
    recipe,
    needs,
    templates: [],
    faults: [...faults, ...findJobReferences(templates), ...findForeignKeys(values)],
    probe: { argv, script, intervalMs, jitterMs, volatile: values.volatile },
  };
}

/** Is run by the agent on a schedule; the JSON object that it prints is the agent's facts. */
export const probeKind: AutomationKind = {
  name: 'probe',
  keys,
  saidBy: [],
  graceSeconds: null,
  isPortable: false,
  harvest: null,
  read,
};
