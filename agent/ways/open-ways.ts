import { type GreetedChannel, type GreetingOptions, type LinkFailure, openGreeted } from '../greeted-channel.ts';
import { toFailureWords } from './failure-words.ts';
import type { Way } from './way.ts';
import type { WayBoard } from './way-board.ts';

/** A control channel, and the way that it is on. */
export interface GreetedWay extends GreetedChannel {
  /** Its place in the list, from 0. */
  readonly way: number;
}

export interface OpenWaysOptions extends Omit<GreetingOptions, 'transport'> {
  readonly ways: readonly Way[];
  readonly board: WayBoard;
}

export function wayAt(ways: readonly Way[], index: number): Way {
  const way = ways[index];
  if (way === undefined) throw new Error(`expected one of ${ways.length} ways, got ${index}`);
  return way;
}

/** Dials them one after another, until one has said hello. Never rejects. What failed is on the board. */
export async function openWays(
  order: readonly number[],
  options: OpenWaysOptions,
  signal: AbortSignal,
): Promise<GreetedWay | LinkFailure> {
  const { ways, board, logger } = options;
  const failures: string[] = [];
  let last: LinkFailure = { type: 'failed', why: 'there is nothing to dial', detail: null, hint: null };
  for (const index of order) {
    const { url, control } = wayAt(ways, index);
    const opened = await openGreeted({ ...options, transport: control }, signal);
    if (opened.type === 'greeted') return { ...opened, way: index };
    last = opened;
    if (signal.aborted) break;
    board.failed(index, opened);
    failures.push(`${url}: ${toFailureWords(opened)}`);
    if (ways.length > 1) logger.info({ url, why: opened.why, detail: opened.detail }, 'a way to the hub failed');
  }
  const all = failures.length > 1 ? { why: failures.join('; '), detail: null } : {};
  return { ...last, ...all, hint: board.hint() };
}
