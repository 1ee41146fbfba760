import { sleep } from '../../runtime/sleep.ts';
import { fromClose, type LinkFailure, toLinkFailure } from '../greeted-channel.ts';
import type { OpenWaysOptions } from './open-ways.ts';
import { wayAt } from './open-ways.ts';

/**
 * Whether a way carries what an agent needs, found out without disturbing the channel that serves: a session for an attempt that nobody knows is opened
 * and kept for `holdMs`, with nothing said on it. A control channel would take the lease. Answers null when it held. Never rejects.
 */
export async function tryWay(
  index: number,
  options: Omit<OpenWaysOptions, 'board'> & { readonly holdMs: number },
  signal: AbortSignal,
): Promise<LinkFailure | null> {
  const { ways, credential, holdMs, clock, random, logger } = options;
  try {
    const { session } = wayAt(ways, index);
    const channel = await session.openSession({ attempt: random.uuid(), credential }, { signal });
    const held = new AbortController();
    try {
      const holding = AbortSignal.any([signal, held.signal]);
      const ended = await Promise.race([channel.closed, sleep(clock, holdMs, holding).then(() => null)]);
      if (ended === null) return null;
      return fromClose(ended);
    } finally {
      held.abort();
      await channel.close({ signal });
    }
  } catch (error) {
    return toLinkFailure(error, logger);
  }
}
