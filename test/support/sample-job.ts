import type { Automation } from '../../protocol/agent.ts';
import type { Job } from '../../protocol/job.ts';

/** A job that went well, with what the test says otherwise. */
export function sampleJob(changes: Partial<Job> = {}): Job {
  return {
    id: '0197a1f0-0000-7000-8000-000000000001',
    account: 'default',
    automation: 'hello',
    parameters: {},
    selector: '',
    priority: 0,
    labels: {},
    timeoutSeconds: null,
    state: 'succeeded',
    agent: 'a1',
    attempt: 1,
    cause: 'exit-code',
    message: 'the program ended with 0',
    started: true,
    retrySafe: false,
    exitCode: 0,
    signal: null,
    outputs: null,
    log: { bytes: 0, sha256: null, complete: true, gaps: [], trailing: 0, removedAt: null },
    waiting: [],
    waitingReasons: [],
    progress: null,
    cancelRequested: false,
    traceId: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: '2026-01-01T00:00:01.000Z',
    finishedAt: '2026-01-01T00:00:03.000Z',
    ...changes,
  };
}

export function sampleAutomation(changes: Partial<Automation> = {}): Automation {
  return {
    name: 'hello',
    kind: 'command',
    executor: 'process',
    digest: '0'.repeat(64),
    description: null,
    parameters: null,
    outputs: null,
    timeoutSeconds: null,
    retrySafe: false,
    maxConcurrent: null,
    agents: 1,
    online: 1,
    ...changes,
  };
}
