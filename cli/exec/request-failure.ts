import type { Issue } from '../../protocol/protocol-error.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** Tells the wrong places of a job document, one a line where there are several. `source`: where it came from. */
export function toRequestFailure(source: string, issues: readonly Issue[]): Failure {
  const lines = issues.map(({ pointer, message }) => `${pointer === '' ? 'the whole' : pointer}: ${message}`);
  const [first = 'not a job'] = lines;
  if (lines.length === 1) return new Failure(exitCodes.usage, `${source}: ${first}`);
  return new Failure(exitCodes.usage, `${source}: not a job that can be run`, lines);
}
