import type { Obstacle } from '../../protocol/hub-status.ts';
import type { WaitingView } from './waiting-view.ts';

/** Queued jobs of one account that ask the same of an agent. */
export interface WaitingGroup {
  readonly account: string;
  readonly automation: string;
  readonly selector: string;
  readonly jobs: number;
  readonly oldest: { readonly id: string; readonly createdAt: number };
  readonly obstacle: Obstacle;
  readonly view: WaitingView;
}

/** All that waits, as far as it was looked at: the rest is counted. */
export interface WaitingGroups {
  readonly groups: readonly WaitingGroup[];
  readonly more: { readonly groups: number; readonly jobs: number };
}

/** Time alone does not bring these about: somebody has to do something. */
const standing: ReadonlySet<Obstacle> = new Set([
  'no-agent',
  'store-behind',
  'store-changed',
  'parameters',
  'automation',
  'labels',
]);

export function needsSomebody(obstacle: Obstacle): boolean {
  return standing.has(obstacle);
}
