import { parseRunnerWords, type RunnerWords } from '../../runner/runner-words.ts';
import type { ContainerStatus, PodView } from './pod-view.ts';

/** Name of the container of the runner. */
export const runnerContainer = 'farhand-runner';

/** `crashing`: it ended again and again, and the node waits before it starts it anew. */
export type RunnerState = 'none' | 'running' | 'crashing';

export function readRunner(pod: PodView | null): RunnerState {
  const state = findRunner(pod)?.state;
  if (state?.waiting?.reason === 'CrashLoopBackOff') return 'crashing';
  return state?.running === undefined ? 'none' : 'running';
}

/** Why the pod's runner ended the last time; null where it did not. */
export function readRunnerEnd(pod: PodView): { readonly isStarved: boolean; readonly words: string } | null {
  const status = findRunner(pod);
  const terminated = status?.state.terminated ?? status?.lastState.terminated;
  if (terminated === undefined) return null;
  const { exitCode, reason } = terminated;
  return {
    isStarved: reason === 'OOMKilled',
    words: `it ended with ${exitCode} (${reason === '' ? 'no reason given' : reason})`,
  };
}

function findRunner(pod: PodView | null): ContainerStatus | undefined {
  return pod?.status.initContainerStatuses.find(({ name }) => name === runnerContainer);
}

/** The last words of the pod's runner, or of the one before it in the same pod; null where it left none. */
export function readRunnerWords(pod: PodView | null): RunnerWords | null {
  const status = findRunner(pod);
  const messages = [status?.state.terminated?.message, status?.lastState.terminated?.message];
  return messages.map((message) => parseRunnerWords(message ?? '')).find((words) => words !== null) ?? null;
}
