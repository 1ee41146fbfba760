import type { Obstacle } from '../../protocol/hub-status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { needsSomebody, type WaitingGroup, type WaitingGroups } from './waiting-group.ts';

export interface WaitingWatchOptions {
  readonly groups: () => WaitingGroups;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Jobs that time alone does not help are told of soon, others when that is no queue any more. */
const soonMs = 10_000;
const lateMs = 60_000;
/** What was told is told again after this, or, when the reason is another, after the shorter. */
const againMs = 10 * 60_000;
const changedMs = 60_000;
/** Lines of one look. */
const maxLines = 20;

interface Told {
  readonly group: WaitingGroup;
  readonly at: number;
}

/** Says in the log that jobs wait for long, and why: once for jobs that ask the same, and again only after a while. */
export class WaitingWatch {
  readonly #options: WaitingWatchOptions;
  readonly #told = new Map<string, Told>();
  #moreToldAt = Number.NEGATIVE_INFINITY;

  constructor(options: WaitingWatchOptions) {
    this.#options = options;
  }

  /** Looks once at all that waits. */
  look(): void {
    const { clock, logger } = this.#options;
    const found = this.#options.groups();
    const groups = new Map(found.groups.map((group) => [toKey(group), group]));
    for (const [key, { group }] of this.#told) {
      if (groups.has(key)) continue;
      this.#told.delete(key);
      // Among so many it may only not have been looked at.
      if (found.more.groups > 0) continue;
      const { account, automation, selector } = group;
      logger.info({ account, automation, selector }, 'jobs wait no more');
    }
    const news = [...groups.values()].filter((group) => this.#isNews(group));
    news.sort((a, b) => a.oldest.createdAt - b.oldest.createdAt);
    for (const group of news.slice(0, maxLines)) this.#tell(group);
    const more = news.slice(maxLines);
    if (more.length === 0 || clock.monotonic() - this.#moreToldAt < againMs) return;
    this.#moreToldAt = clock.monotonic();
    logger.warn({ groups: more.length }, 'more jobs wait than there are lines for: see /status');
  }

  #isNews(group: WaitingGroup): boolean {
    const { clock } = this.#options;
    const waitedMs = clock.now() - group.oldest.createdAt;
    if (waitedMs < (needsSomebody(group.obstacle) ? soonMs : lateMs)) return false;
    const told = this.#told.get(toKey(group));
    if (told === undefined) return true;
    const restMs = told.group.obstacle === group.obstacle ? againMs : changedMs;
    return clock.monotonic() - told.at >= restMs;
  }

  #tell(group: WaitingGroup): void {
    const { clock, logger } = this.#options;
    const { account, automation, selector, jobs, oldest, obstacle, view } = group;
    this.#told.set(toKey(group), { group, at: clock.monotonic() });
    const agents = Object.fromEntries(view.reasons.map(({ reason, agents: count }) => [reason, count]));
    const oldestSeconds = Math.round((clock.now() - oldest.createdAt) / 1000);
    const fields = { account, automation, selector, jobs, job: oldest.id, oldestSeconds, reason: obstacle, agents };
    logger.warn(fields, toMessage(obstacle));
  }
}

function toMessage(obstacle: Obstacle): string {
  return needsSomebody(obstacle) ? 'jobs wait, and no agent will take them as things are' : 'jobs wait for long';
}

function toKey({ account, automation, selector }: WaitingGroup): string {
  return [account, automation, selector].join('\n');
}
