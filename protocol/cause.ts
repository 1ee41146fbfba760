import { z } from 'zod';

/**
 * Why an attempt ended, for machines. New causes come with a line in `docs/errors.md`.
 *
 * `retryable` says whether `retry.on` may name it: causes in which the infrastructure, not the automation, decided.
 */
export const causes = {
  'exit-code': { retryable: true, meaning: 'the program ended by itself; 0 is success' },
  signal: { retryable: true, meaning: 'a signal ended the program' },
  timeout: { retryable: true, meaning: 'the time allowed was used up' },
  cancelled: { retryable: false, meaning: 'somebody asked for it' },
  'out-of-memory': { retryable: true, meaning: 'the kernel killed it for its memory' },
  'image-pull': { retryable: true, meaning: 'the image could not be pulled' },
  evicted: { retryable: true, meaning: 'the cluster moved the pod away' },
  unschedulable: { retryable: true, meaning: 'no node of the cluster could take the pod' },
  'node-lost': { retryable: true, meaning: 'the node that ran the pod was not heard of any more' },
  'pod-deleted': { retryable: true, meaning: 'somebody deleted the pod, or what had made it' },
  forbidden: { retryable: true, meaning: 'the cluster does not allow the agent to run it' },
  'cluster-quota': { retryable: true, meaning: 'a quota of the cluster stands against it' },
  'agent-lost': { retryable: true, meaning: 'nothing was heard of the agent for too long' },
  'state-lost': { retryable: true, meaning: "the agent's folder of this attempt is gone" },
  'process-lost': { retryable: true, meaning: 'the program ended and left no record of how' },
  'parameters-invalid': { retryable: false, meaning: "the parameters are not what the automation's schema allows" },
  'outputs-invalid': {
    retryable: false,
    meaning: 'the outputs are not JSON, too large, or not what the schema allows',
  },
  'before-hook': { retryable: true, meaning: 'a `before` hook refused the job' },
  'log-limit': { retryable: false, meaning: 'the log grew over its limit' },
  'spool-full': { retryable: true, meaning: "the agent's disk had no room for the log" },
  'start-failed': { retryable: true, meaning: 'the program could not be started' },
  expired: { retryable: false, meaning: 'no agent took the job in the time allowed' },
  unknown: {
    retryable: false,
    meaning: 'a later version of the agent told a cause that this one does not know; the message is its own',
  },
} as const;

export type Cause = keyof typeof causes;

export const causeNames = Object.keys(causes) as [Cause, ...Cause[]];

export const Cause = z.enum(causeNames);
