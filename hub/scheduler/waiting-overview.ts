import type { Obstacle } from '../../protocol/hub-status.ts';
import type { WaitingReason } from '../../protocol/job.ts';
import { parseLabelSelector } from '../../protocol/label-selector.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { LiveAgent } from '../fleet/live-agent.ts';
import type { JobRecord } from '../store/records.ts';
import type { JobQueue, Lane, QueuedJob } from './job-queue.ts';
import type { WaitingGroup, WaitingGroups } from './waiting-group.ts';
import { WaitingGathering, type WaitingView } from './waiting-view.ts';
import type { Demand } from './why-not.ts';

export interface WaitingOverviewOptions {
  readonly queue: JobQueue;
  readonly fleet: Fleet;
  /** Why the agent does not take it at this moment; null when it can. */
  readonly whyNotNow: (agent: LiveAgent, demand: Demand) => WaitingReason | null;
  /** Another number whenever `whyNotNow` may say something else. */
  readonly revision: () => number;
  /** The store took no offer a moment ago. */
  readonly isPaused: () => boolean;
}

/** Pairs of group and agent that are looked at for one overview: it must not hold up the work that it tells of. */
const maxLooks = 20_000;
const maxGroups = 2_000;
/** Views that are kept for jobs that ask the same. */
const maxViews = 1_000;

/** What a look at all agents found. */
interface Gathered {
  readonly view: WaitingView;
  readonly looks: number;
  readonly canTake: boolean;
}

/** Says why jobs wait, when somebody asks. */
export class WaitingOverview {
  readonly #given: WaitingOverviewOptions;
  /** As long as no agent changes: a page of jobs asks the same for many. */
  readonly #views = new Map<string, WaitingView>();
  #viewsAt = -1;

  constructor(options: WaitingOverviewOptions) {
    this.#given = options;
  }

  /** Why agents of the account do not take this job, or that it has none. No agents and no reasons when one can. */
  of(job: JobRecord): WaitingView {
    const { queue, revision } = this.#given;
    const { account, automation } = job;
    const misfits = queue.get(job.id)?.misfits ?? [];
    const now = revision();
    if (now !== this.#viewsAt || this.#views.size >= maxViews) this.#views.clear();
    this.#viewsAt = now;
    const key = [account, automation, job.selector, ...misfits].join('\n');
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const found = this.#gather({ account, automation, selector: parseLabelSelector(job.selector), misfits });
    const view: WaitingView =
      found.looks === 0 ? { agents: [], reasons: [{ reason: 'no-agent', agents: 0 }] } : found.view;
    this.#views.set(key, view);
    return view;
  }

  /** Everything that waits, by what it asks for. Bounded, because it is asked for while the hub works. */
  groups(): WaitingGroups {
    const { queue } = this.#given;
    const groups: WaitingGroup[] = [];
    const more = { groups: 0, jobs: 0 };
    let looks = 0;
    for (const account of queue.accountsByTurn()) {
      const { lanes, count } = queue.someLanes(account, maxGroups - groups.length);
      let shown = 0;
      for (const lane of lanes) {
        const { automation, selectorText: selector, jobs } = lane;
        const found = looks > maxLooks ? null : this.#gather(lane);
        looks += found?.looks ?? 0;
        shown += jobs.length;
        const { id, createdAt } = findOldest(jobs);
        groups.push({
          account,
          automation,
          selector,
          jobs: jobs.length,
          oldest: { id, createdAt },
          obstacle: found === null ? 'unexamined' : this.#toObstacle(found),
          view: found?.view ?? { agents: [], reasons: [] },
        });
      }
      more.groups += count - lanes.length;
      more.jobs += queue.sizeOf(account) - shown;
    }
    return { groups, more };
  }

  #gather(demand: Demand): Gathered {
    let looks = 0;
    let canTake = false;
    const gathering = new WaitingGathering();
    for (const agent of this.#given.fleet.serving(demand.account)) {
      looks++;
      const reason = this.#given.whyNotNow(agent, demand);
      if (reason === null) canTake = true;
      else gathering.add(agent.name, reason, reason === 'pressure' ? agent.closedBecause : null);
    }
    return { view: gathering.toView(), looks, canTake };
  }

  #toObstacle({ view, looks, canTake }: Gathered): Obstacle {
    if (looks === 0) return 'no-agent';
    if (canTake) return this.#given.isPaused() ? 'store' : 'soon';
    return view.reasons[0]?.reason ?? 'soon';
  }
}

/** A lane is ordered by priority first. */
function findOldest(jobs: Lane['jobs']): QueuedJob {
  return jobs.reduce((oldest, job) => (job.createdAt < oldest.createdAt ? job : oldest));
}
