import type { NewJob } from '../../hub/store/command.ts';
import { systemRandom } from '../../runtime/random.ts';

/** A job as the API gives it to the store, with what the test says otherwise. */
export function sampleNewJob(change: Partial<NewJob> = {}): NewJob {
  return {
    id: systemRandom.orderedUuid(),
    account: 'default',
    automation: 'greet',
    digest: null,
    parameters: {},
    secretNames: [],
    secrets: null,
    selector: '',
    priority: 0,
    labels: {},
    timeoutSeconds: null,
    expiresAt: null,
    retry: { limit: 0, on: [] },
    traceparent: null,
    tracestate: null,
    ...change,
  };
}
