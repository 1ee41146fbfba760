import type { AttemptState } from './records.ts';

/** Whether more may be heard of an attempt in this state: its agent is to be told of it, and it counts against the slots. */
export function isOpen(state: AttemptState): boolean {
  return state === 'offered' || state === 'running' || state === 'agent-lost';
}
