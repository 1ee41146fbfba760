import { join } from 'node:path';
import { z } from 'zod';
import type { AutomationKind, RecipeReading } from '../automation-kind.ts';
import { toOwnProgram } from '../own-program.ts';
import { getReferences, parseTemplate } from '../template.ts';

const defaultInterpreter: readonly [string, ...string[]] = ['sh', '-eu'];

/** In the attempt's folder. */
const scriptFileName = 'script';

const keys = {
  script: z.string().regex(/\S/, 'expected text').describe('the text of the script, after "|"'),
  interpreter: z
    .tuple([z.string().min(1)], z.string())
    .default([...defaultInterpreter])
    .describe('a list: the program that runs the script and its options, each in quotes, such as ["sh", "-eu"]'),
};

const Values = z.object(keys);

function read(values: unknown): RecipeReading {
  const { script, interpreter } = Values.parse(values);
  const faults = getReferences(parseTemplate(script))
    .filter((reference) => ['parameters', 'secrets', 'agent', 'job', 'attempt'].includes(reference.path[0]))
    .map((reference) => ({
      path: ['script'],
      message: `${reference.source}: placeholders are not filled in here, or a value could become code: use the variables of the job, such as "$FARHAND_PARAM_NAME"`,
    }));
  return {
    recipe: {
      prepare: ({ folder }) => ({
        type: 'prepared',
        argv: [...interpreter, join(folder, scriptFileName)],
        files: [{ name: scriptFileName, content: script, executable: false }],
      }),
    },
    needs: [toOwnProgram(interpreter[0])],
    templates: [],
    faults,
  };
}

/** Writes its text into the attempt's folder and has an interpreter run it. */
export const scriptKind: AutomationKind = {
  name: 'script',
  keys,
  saidBy: ['script'],
  graceSeconds: null,
  isPortable: true,
  harvest: null,
  read,
};
