import type { CommandEnd } from '../command-end.ts';
import { readWrapperWords, toWordedEnd } from '../neighbour/neighbour-end.ts';
import type { ExitEnd, PlatformEnd } from './classify-end.ts';
import type { MainState } from './main-container.ts';
import type { PodView } from './pod-view.ts';
import { readRunnerWords } from './runner-container.ts';

/**
 * How a command ended that ran under the wrapper of a runner. The container's own status says nothing, for the wrapper has one too where the
 * command never began: its last words do, and those of the runner, which it leaves where the platform knows better why the pod ended.
 */
export function toEndBesideRunner(
  end: PlatformEnd | ExitEnd,
  seen: { readonly main: MainState; readonly pod: PodView | null; readonly isStopped: boolean },
): CommandEnd {
  const { main, pod, isStopped } = seen;
  const at = main.type === 'ended' ? main.finishedAt : null;
  const words = readRunnerWords(pod);
  if (words?.type === 'unborn') return { ...toUnborn(end), marked: isStopped, at: null };
  const facts = { at, ...(words === null ? {} : { log: words.log }) };
  const said = main.type === 'ended' ? readWrapperWords(main.message) : null;
  if (said === null) return { ...toUnproved(end, { hasRun: words !== null }), marked: isStopped, ...facts };
  const { status, wasAsked, wasTold } = said;
  const worded = toWordedEnd(said, at);
  const isUnexplained = worded.type === 'platform' && worded.cause === 'process-lost';
  const explained =
    end.type === 'exit' ? ({ type: 'exit', status } as const) : { ...end, started: true, retrySafe: false, status };
  return { ...(isUnexplained ? explained : worded), marked: wasAsked || wasTold, ...facts };
}

function toUnborn(end: PlatformEnd | ExitEnd): PlatformEnd {
  const proof = { started: false, retrySafe: true, status: null };
  if (end.type === 'platform') return { ...end, ...proof };
  return { type: 'platform', cause: 'start-failed', message: 'the pod ended before its command began', ...proof };
}

/** `hasRun`: a runner has seen the command at work. */
function toUnproved(end: PlatformEnd | ExitEnd, { hasRun }: { readonly hasRun: boolean }): PlatformEnd {
  const started = hasRun ? true : 'unknown';
  if (end.type === 'platform') return hasRun || end.started === true ? { ...end, started, retrySafe: false } : end;
  const message = 'the container of the job ended, and what it ran under did not say how';
  return { type: 'platform', cause: 'process-lost', started, retrySafe: false, message, status: null };
}
