import type { Client, Job, JobRequest } from '../../client/client.ts';
import { type LogText, secret } from '../log-text.ts';
import { floodMebibytes } from './soak-automations.ts';

/** A kind of job that is submitted again and again. */
export interface JobKind {
  readonly name: string;
  readonly everyMs: number;
  readonly request: () => JobRequest;
  /** Done to it some time after its submission. */
  readonly followUp: {
    readonly afterMs: number;
    readonly act: (client: Client, id: string) => Promise<unknown>;
  } | null;
  /** What is wrong with how it ended; null when nothing is. */
  readonly judge: (job: Job) => string | null;
}

function succeeded({ state, cause, message }: Job): string | null {
  return state === 'succeeded' ? null : `expected it to succeed, it is ${state}: ${cause} ${message}`;
}

function endedAs(expected: Job['state']): JobKind['judge'] {
  return ({ state, cause, message }) =>
    state === expected ? null : `expected it to be ${expected}, it is ${state}: ${cause} ${message}`;
}

/** The load: about fourteen jobs a second at pace 1, and some thirty that run long. */
export function createJobKinds(text: LogText): readonly JobKind[] {
  const whole = text.expect(floodMebibytes, { masked: false });
  const masked = text.expect(floodMebibytes, { masked: true });
  const printed = (expected: typeof whole) => (job: Job) => {
    if (job.state !== 'succeeded') return succeeded(job);
    const isWhole = job.log?.bytes === expected.bytes && job.log.sha256 === expected.sha256;
    return isWhole ? null : `expected a log of ${expected.bytes} bytes, got ${JSON.stringify(job.log)}`;
  };
  return [
    { name: 'nothing', everyMs: 100, request: () => ({ automation: 'nothing' }), followUp: null, judge: succeeded },
    {
      name: 'fail',
      everyMs: 1000,
      request: () => ({ automation: 'fail', labels: { purpose: 'soak' } }),
      followUp: null,
      judge: (job) =>
        job.state === 'failed' && job.exitCode === 3
          ? null
          : `expected exit code 3, it is ${job.state} ${job.exitCode}`,
    },
    {
      name: 'secret',
      everyMs: 1000,
      request: () => ({ automation: 'whisper', secrets: { PASSWORD: secret } }),
      followUp: null,
      judge: succeeded,
    },
    { name: 'flood', everyMs: 4000, request: () => ({ automation: 'flood' }), followUp: null, judge: printed(whole) },
    {
      name: 'flood with a secret',
      everyMs: 8000,
      request: () => ({ automation: 'flood', secrets: { PASSWORD: secret } }),
      followUp: null,
      judge: printed(masked),
    },
    {
      name: 'long',
      everyMs: 6000,
      request: () => ({ automation: 'drip', parameters: { seconds: 20 + Math.floor(Math.random() * 100) } }),
      followUp: null,
      judge: succeeded,
    },
    {
      name: 'cancelled',
      everyMs: 4000,
      request: () => ({ automation: 'rest', parameters: { seconds: 600 } }),
      followUp: { afterMs: 2500, act: (client, id) => client.cancelJob(id) },
      judge: endedAs('cancelled'),
    },
    {
      name: 'timed out',
      everyMs: 4000,
      request: () => ({ automation: 'rest', parameters: { seconds: 600 }, timeoutSeconds: 1 }),
      followUp: null,
      judge: endedAs('timed-out'),
    },
    {
      name: 'wanted by nobody',
      everyMs: 3000,
      // Each asks for something else: what is kept for jobs that wait alike is kept for one.
      request: () => ({ automation: 'nothing', selector: `site=nowhere-${Date.now()}`, expiresInSeconds: 5 }),
      followUp: null,
      judge: ({ state, cause }) =>
        state === 'failed' && cause === 'expired' ? null : `expected it to expire, it is ${state}: ${cause}`,
    },
  ];
}
