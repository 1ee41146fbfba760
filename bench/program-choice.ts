import { resolve } from 'node:path';
import { packProgram } from './packed-program.ts';
import type { Workplace } from './workplace.ts';

/** Which farhand is measured. `packed`: what `npm pack` makes; `path`: a `farhand.mjs`. */
export type ProgramChoice =
  | { readonly type: 'packed' }
  | { readonly type: 'sources' }
  | { readonly type: 'path'; readonly path: string };

export const programWords: Readonly<Record<ProgramChoice['type'], string>> = {
  packed: 'the package (`npm pack`)',
  sources: 'the sources',
  path: 'another program',
};

/** From the options `--program` and `--sources`. */
export function toProgramChoice({
  program,
  sources,
}: {
  readonly program?: string | undefined;
  readonly sources: boolean;
}): ProgramChoice {
  if (program !== undefined) return { type: 'path', path: program };
  return { type: sources ? 'sources' : 'packed' };
}

/** Path of its `farhand.mjs`, built where need be. */
export async function openProgram(
  choice: ProgramChoice,
  { workplace, say }: { readonly workplace: Workplace; readonly say: (text: string) => void },
): Promise<string> {
  switch (choice.type) {
    case 'packed':
      say('building and packing farhand');
      return await packProgram(workplace);
    case 'sources':
      return resolve(import.meta.dirname, '../cli/farhand.mjs');
    case 'path':
      return resolve(choice.path);
  }
}
