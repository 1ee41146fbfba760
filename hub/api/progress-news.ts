import type { Progress } from '../../protocol/progress.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Store } from '../store/store.ts';
import type { LiveNews } from './event-stream.ts';
import type { HubView } from './hub-view.ts';
import { toTimestamp } from './timestamp.ts';

/** The progress of a running job, as news for one reader: the newest at once, then each that comes. */
export function createProgressNews(options: {
  readonly account: string;
  readonly jobId: string;
  readonly store: Store;
  readonly hubView: HubView;
  readonly clock: Clock;
}): LiveNews {
  const { account, jobId, store, hubView, clock } = options;
  let told: Progress | null = null;
  // Other jobs wake a reader, too: then there is no need to look.
  let mayBeNew = true;
  return {
    async next(signal) {
      await hubView.nextProgress(jobId, signal);
      if (!signal.aborted) mayBeNew = true;
    },
    async take() {
      if (!mayBeNew) return null;
      mayBeNew = false;
      const job = await store.queries.job(account, jobId);
      if (job === null || job.state !== 'running' || job.attemptId === null) return null;
      const progress = hubView.progress(job.attemptId);
      if (progress === null || progress === told) return null;
      told = progress;
      const event = 'job.progress';
      const at = toTimestamp(clock.now());
      const actor = job.agentId === null ? 'hub' : `agent:${job.agentId}`;
      return { event, data: { at, actor, action: event, object: `job:${jobId}`, data: progress } };
    },
  };
}
