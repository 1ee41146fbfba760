import type { LoopStatus } from './loop-board.ts';
import type { Cell, PageSection } from './status-html.ts';

/** `4 s`, `12 min`, `3 h`, `2 d`: how long, to a reader. */
export function toSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** `12 s ago`, or nothing for what never was. */
export function toAgo(at: string | null, now: number): string {
  return at === null ? '' : `${toSpan(now - Date.parse(at))} ago`;
}

/** A failure that is older than this is history. */
const freshMs = 10 * 60_000;

/** Loops as a section of a page. */
export function toLoopSection(loops: readonly LoopStatus[], now: number): PageSection {
  return {
    title: 'Loops',
    head: ['loop', 'does', 'since', 'goes on', 'last turn', 'failed'],
    rows: loops.map((loop) => [
      loop.name,
      loop.isStuck ? { text: `STUCK: ${loop.doing}`, look: 'bad' } : loop.doing,
      toSpan(now - Date.parse(loop.since)),
      loop.next === null ? '' : `in ${toSpan(Date.parse(loop.next) - now)}`,
      loop.turns === 0 ? '' : `${toAgo(loop.lastTurnAt, now)}, ${loop.turns} in all`,
      toFailure(loop, now),
    ]),
  };
}

/** It failed a short while ago. */
export function isFailing({ lastFailure }: LoopStatus, now: number): boolean {
  return lastFailure !== null && now - Date.parse(lastFailure.at) < freshMs;
}

function toFailure(loop: LoopStatus, now: number): Cell {
  const { failures, lastFailure } = loop;
  if (lastFailure === null) return '';
  const message = lastFailure.message === '' ? '' : `: ${lastFailure.message}`;
  return {
    text: `${failures === 1 ? 'once' : `${failures} times`}, ${toAgo(lastFailure.at, now)}${message}`,
    look: isFailing(loop, now) ? 'bad' : 'dim',
  };
}
