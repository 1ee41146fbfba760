import { aborted } from '../../runtime/aborted.ts';
import { sleep } from '../../runtime/sleep.ts';
import { findSuccessor } from '../find-successor.ts';
import type { LinkFailure } from '../greeted-channel.ts';
import type { ReturnWait } from '../return-wait.ts';
import { type GreetedWay, type OpenWaysOptions, openWays, wayAt } from './open-ways.ts';
import { tryWay } from './try-way.ts';

export interface SuccessionOptions extends OpenWaysOptions {
  /** The way of the channel that serves. */
  readonly way: number;
  readonly holdMs: number;
  readonly createWait: () => ReturnWait;
  /** Aborts when the channel that serves has ended: a dial under way is finished, and none follows. */
  readonly over: AbortSignal;
  /** The agent is leaving. */
  readonly signal: AbortSignal;
}

/** Who takes over from a control channel while it still serves. */
export interface Succession {
  /** The hub is leaving, and asks for the first dial not before `afterMs`. */
  hubLeaves(afterMs: number): void;
  /** Resolves with the channel that takes over; with null when the one that serves has ended, and no dial is under way. Never rejects. */
  readonly found: Promise<GreetedWay | null>;
}

/**
 * Looks for another channel for three reasons, one at a time: the hub is leaving; sessions come to nothing on the way that is used; or a better way
 * than that has come back. A better one has to hold first, and none is dialled while another dial is under way.
 */
export function startSuccession(options: SuccessionOptions): Succession {
  const { way, ways, board, clock, logger, over, signal } = options;
  let news = new AbortController();
  let leavingInMs: number | null = null;

  board.onSessionsFailed(() => news.abort());

  async function run(): Promise<GreetedWay | null> {
    while (!over.aborted && !signal.aborted) {
      if (leavingInMs !== null) return succeedHub(leavingInMs);
      news = new AbortController();
      const which = board.sessionsFail(way) ? 'others' : 'better';
      const waitMs = board.nextTryInMs(way, which);
      const awake = AbortSignal.any([over, signal, news.signal]);
      await (waitMs === null ? aborted(awake) : sleep(clock, waitMs, awake));
      if (awake.aborted || (which === 'others' && !board.sessionsFail(way))) continue;
      const found = await tryOthers(which, awake);
      if (found !== null) return found;
    }
    return null;
  }

  function succeedHub(afterMs: number): Promise<GreetedWay | null> {
    logger.info({ afterMs }, 'hub is leaving, another channel is looked for');
    return findSuccessor({
      open: () => openWays(board.toDial(), options, signal),
      afterMs,
      wait: options.createWait(),
      clock,
      onFailed: ({ why }, waitMs) => logger.info({ why, waitMs }, 'no other channel yet, the hub that leaves is kept'),
      signal: over,
    });
  }

  async function tryOthers(which: 'better' | 'others', awake: AbortSignal): Promise<GreetedWay | null> {
    for (const index of board.toTry(way, which)) {
      const { url } = wayAt(ways, index);
      const failure = await tryWay(index, options, awake);
      if (awake.aborted) return null;
      if (failure !== null) {
        board.failed(index, failure);
        logger.info({ url, why: failure.why, detail: failure.detail }, 'a way to the hub was tried, and failed');
        continue;
      }
      const opened = await openWays([index], options, signal);
      if (opened.type === 'failed') continue;
      if (which === 'others') board.failed(way, sessionsFailed);
      logger.info({ url, instead: wayAt(ways, way).url, which }, 'another way to the hub takes over');
      return opened;
    }
    return null;
  }

  return {
    hubLeaves(afterMs) {
      leavingInMs ??= afterMs;
      news.abort();
    },
    found: run(),
  };
}

const sessionsFailed: LinkFailure = {
  type: 'failed',
  why: 'no session',
  detail: 'sessions that were opened there came to nothing',
  hint: null,
};
