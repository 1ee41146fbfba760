import type { Agent, AgentEnd } from '../agent/agent.ts';
import type { AgentConfig } from '../agent/config.ts';
import { aborted } from '../runtime/aborted.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { sleep } from '../runtime/sleep.ts';
import type { Shutdown } from './shutdown.ts';

/** Beyond the grace: how long what was cancelled may take to be delivered. Another machine takes longer to end it, and to say so. */
const deliverMs = { leave: 0, cancel: 15_000, 'cancel-all': 45_000 } as const;
/** Beyond all of that: how long leaving may take. Whatever is not done by then, the next agent on the folder does. */
const leaveMs = 10_000;

/**
 * Lets the agent leave in the order that the configuration says. Answers before it has left when somebody asks a second time, or when
 * something that the agent waits for gives no answer: a process that was asked to end ends.
 */
export async function drainAgent(
  agent: Pick<Agent, 'drain'>,
  options: {
    readonly config: Pick<AgentConfig, 'drainSeconds' | 'drainThen' | 'graceSeconds'>;
    readonly shutdown: Pick<Shutdown, 'forced' | 'reason'>;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): Promise<AgentEnd> {
  const { config, shutdown, clock, logger } = options;
  const { drainSeconds, drainThen, graceSeconds } = config;
  logger.info({ reason: shutdown.reason(), drainSeconds, drainThen }, 'agent draining');
  const drainMs = drainSeconds * 1000;
  const cancelMs = graceSeconds * 1000 + deliverMs[drainThen];
  const boundMs = drainMs + (drainThen === 'leave' ? 0 : cancelMs) + leaveMs;
  const over = new AbortController();
  const late = sleep(clock, boundMs, over.signal).then(() => {
    if (!over.signal.aborted)
      logger.error({ boundMs }, 'agent leaves out of order: something it waits for gives no answer');
  });
  const drained = agent.drain({ drainMs, afterwards: drainThen, cancelMs });
  const end = await Promise.race([drained, aborted(shutdown.forced), late]);
  over.abort();
  return end ?? { type: 'left' };
}
