import { toPointer } from '../../protocol/parse.ts';
import type { Refusal } from './refusal.ts';
import type { Reference } from './template.ts';

/** For a reference that leads to nothing in this job on this agent. */
export function refuseMissing(reference: Reference): Refusal {
  const [root, ...rest] = reference.path;
  if (root === 'agent') {
    const message = `the automation needs ${reference.source}, and this agent has no such label: set it, or select another agent`;
    return { type: 'refused', cause: 'start-failed', message, errors: [] };
  }
  const message = `the automation needs ${reference.source}, and the job has none: give it`;
  return {
    type: 'refused',
    cause: 'parameters-invalid',
    message,
    errors: [{ pointer: toPointer([root, ...rest]), message }],
  };
}
