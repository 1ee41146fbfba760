import type { CommandEnd } from '../command-end.ts';
import type { ExitEnd, PlatformEnd } from './classify-end.ts';
import type { MainState } from './main-container.ts';

/**
 * How a command ended that ran under the wrapper of a runner. The container's own status says nothing, for the wrapper has one too where the
 * command never began: its last words do.
 */
export function toEndBesideRunner(
  end: PlatformEnd | ExitEnd,
  { main, isStopped }: { readonly main: MainState; readonly isStopped: boolean },
): CommandEnd {
  const said = main.type === 'ended' ? readLastWords(main.message) : null;
  const facts = { at: main.type === 'ended' ? main.finishedAt : null, marked: said?.marked ?? isStopped };
  return said === null ? { ...toUnproved(end), ...facts } : { type: 'exit', status: said.status, ...facts };
}

/** As `wrapper-text.ts` writes them. `marked`: somebody had asked for the end by then. */
function readLastWords(message: string): { readonly status: number; readonly marked: boolean } | null {
  const [, status, asked, told] = /^farhand: ended (\d{1,3})( i)?( t)?\n$/.exec(message) ?? [];
  return status === undefined ? null : { status: Number(status), marked: asked !== undefined || told !== undefined };
}

function toUnproved(end: PlatformEnd | ExitEnd): PlatformEnd {
  if (end.type === 'platform') return end.started === true ? { ...end, started: 'unknown' } : end;
  const message = 'the container of the job ended, and what it ran under did not say how';
  return { type: 'platform', cause: 'process-lost', started: 'unknown', retrySafe: false, message, status: null };
}
