import { z } from 'zod';
import type { AutomationKind, RecipeCommand, RecipeContext, RecipeReading } from '../automation-kind.ts';
import { toOwnProgram } from '../own-program.ts';
import type { Refusal } from '../refusal.ts';
import { getReferences, parseTemplate, type Template } from '../template.ts';

const keys = {
  run: z
    .array(z.string())
    .min(1)
    .describe(
      'a list: the program, then its arguments, each in quotes, such as ["printf", "%s", "${parameters.name}"]; there is no shell',
    ),
};

const Values = z.object(keys);

function prepare(templates: readonly Template[], context: RecipeContext): RecipeCommand | Refusal {
  const argv: string[] = [];
  for (const template of templates) {
    const rendered = context.render(template);
    if (rendered.type === 'refused') return rendered;
    argv.push(rendered.text);
  }
  const [program = '', ...rest] = argv;
  return { type: 'prepared', argv: [program, ...rest], files: [] };
}

function read(values: unknown): RecipeReading {
  const templates = Values.parse(values).run.map(parseTemplate);
  const program = templates[0] ?? [];
  const faults =
    program.length === 0
      ? [{ path: ['run', 0], message: 'expected a program, got empty text' }]
      : getReferences(program).map((reference) => ({
          path: ['run', 0],
          message: `${reference.source}: the program itself holds no placeholder, or a job could run anything: write it out`,
        }));
  return {
    recipe: { prepare: (context) => prepare(templates, context) },
    needs: [toOwnProgram(Values.parse(values).run[0] ?? '')],
    templates: templates.map((template, index) => ({ path: ['run', index], template })),
    faults,
  };
}

/** Runs a program with arguments. */
export const commandKind: AutomationKind = {
  name: 'command',
  keys,
  saidBy: ['run'],
  graceSeconds: null,
  isPortable: true,
  harvest: null,
  read,
};
