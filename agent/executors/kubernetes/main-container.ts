import type { ContainerStatus, PodView } from './pod-view.ts';

/** Name of the container that runs the command. */
export const mainContainer = 'main';

/**
 * What the pod says of the command. `ended` is said of a container that was never made, too (`wasMade`). Times are the node's, in
 * milliseconds since 1970.
 */
export type MainState =
  | { readonly type: 'none' }
  | { readonly type: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly type: 'running'; readonly startedAt: number | null }
  | {
      readonly type: 'ended';
      readonly exitCode: number;
      readonly reason: string;
      readonly message: string;
      readonly startedAt: number | null;
      readonly finishedAt: number | null;
      readonly wasMade: boolean;
    };

export function readMain(pod: PodView | null): MainState {
  const status = pod?.status.containerStatuses.find(({ name }) => name === mainContainer);
  return status === undefined ? { type: 'none' } : toState(status);
}

function toState({ state, containerID }: ContainerStatus): MainState {
  const { terminated, running, waiting } = state;
  if (terminated !== undefined) {
    const { exitCode, reason, message } = terminated;
    const startedAt = parseTime(terminated.startedAt);
    const finishedAt = parseTime(terminated.finishedAt);
    return { type: 'ended', exitCode, reason, message, startedAt, finishedAt, wasMade: containerID !== '' };
  }
  if (running !== undefined) return { type: 'running', startedAt: parseTime(running.startedAt) };
  if (waiting !== undefined) return { type: 'waiting', ...waiting };
  return { type: 'none' };
}

/** Null where there is none: a container that never started has the year 1970. */
export function parseTime(text: string | null): number | null {
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) || at <= 0 ? null : at;
}
