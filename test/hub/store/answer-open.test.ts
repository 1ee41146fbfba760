import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  answerOpen,
  type Open,
  type OpenedAttempt,
  type OpenedJob,
  type OpenRow,
} from '../../../hub/store/answer-open.ts';
import type { Have } from '../../../protocol/session-frame.ts';

const offered: OpenedAttempt = {
  agentId: 'a1',
  state: 'offered',
  ordinal: 1,
  folderId: null,
  documentSentAt: null,
  sessionEpoch: null,
};
const sent: OpenedAttempt = {
  ...offered,
  state: 'running',
  folderId: 'folder',
  documentSentAt: 5,
  sessionEpoch: { leaseEpoch: 3, opens: 7 },
};
const silent: OpenedAttempt = { ...sent, state: 'agent-lost' };

const waiting: OpenedJob = {
  state: 'offered',
  cancelRequested: false,
  newestOrdinal: 1,
  documentOrdinal: 0,
  wiped: false,
};
const running: OpenedJob = { ...waiting, state: 'running', documentOrdinal: 1 };
const lost: OpenedJob = { ...running, state: 'lost' };

const open: Open = { agentId: 'a1', folderId: 'folder', have: 'claimed', epoch: { leaseEpoch: 3, opens: 8 } };
const allHaves: readonly Have[] = ['claimed', 'document', 'started', 'ended'];
const started = allHaves.filter((have) => have !== 'claimed');

interface Row {
  readonly title: string;
  readonly attempt: OpenedAttempt;
  readonly job: OpenedJob;
  readonly haves: readonly Have[];
  readonly open?: Partial<Open>;
  readonly answer: OpenRow;
}

const accepted: OpenRow = { type: 'accepted' };
const withdrawn: OpenRow = { type: 'withdrawn' };
const replaced: OpenRow = { type: 'replaced' };
const stateLost: OpenRow = { type: 'state-lost' };
const goOn: OpenRow = { type: 'job', desired: 'run', document: false, commits: false };
const stop: OpenRow = { type: 'job', desired: 'cancel', document: false, commits: false };
const again: OpenRow = { type: 'job', desired: 'run', document: true, commits: false };

const rows: readonly Row[] = [
  {
    title: 'the same session once more',
    attempt: sent,
    job: running,
    haves: started,
    open: { epoch: { leaseEpoch: 3, opens: 7 } },
    answer: goOn,
  },
  {
    title: 'a document leaves for nobody who is to stop',
    attempt: offered,
    job: { ...waiting, cancelRequested: true },
    haves: ['claimed'],
    answer: { type: 'job', desired: 'cancel', document: false, commits: true },
  },
  {
    title: 'a stored result is accepted again',
    attempt: { ...sent, state: 'ended' },
    job: running,
    haves: allHaves,
    answer: accepted,
  },
  {
    title: 'a stored result is accepted whatever the folder',
    attempt: { ...sent, state: 'ended' },
    job: running,
    haves: allHaves,
    open: { folderId: 'other' },
    answer: accepted,
  },
  {
    title: 'a withdrawn attempt is withdrawn',
    attempt: { ...offered, state: 'withdrawn' },
    job: waiting,
    haves: allHaves,
    answer: withdrawn,
  },
  {
    title: 'a state-lost attempt is withdrawn',
    attempt: { ...sent, state: 'state-lost' },
    job: lost,
    haves: allHaves,
    answer: withdrawn,
  },
  {
    title: 'a state-lost attempt that never got a document is withdrawn',
    attempt: { ...offered, state: 'state-lost' },
    job: lost,
    haves: allHaves,
    answer: withdrawn,
  },
  {
    title: 'the first claim gets the document, committed first',
    attempt: offered,
    job: waiting,
    haves: ['claimed'],
    answer: { type: 'job', desired: 'run', document: true, commits: true },
  },
  {
    title: 'a newer attempt gets its document beside a lost one',
    attempt: { ...offered, ordinal: 2 },
    job: { ...waiting, newestOrdinal: 2, documentOrdinal: 1 },
    haves: ['claimed'],
    answer: { type: 'job', desired: 'run', document: true, commits: true },
  },
  {
    title: 'a restored store adopts what runs, and sends no document',
    attempt: offered,
    job: waiting,
    haves: started,
    answer: { type: 'job', desired: 'run', document: false, commits: true },
  },
  {
    title: 'a document lost on the way is sent again to the same folder',
    attempt: sent,
    job: running,
    haves: ['claimed'],
    answer: again,
  },
  {
    title: 'a claim is cancelled when a cancel is wanted',
    attempt: sent,
    job: { ...running, cancelRequested: true },
    haves: ['claimed'],
    answer: stop,
  },
  {
    title: 'a claim is cancelled when the secrets are gone',
    attempt: sent,
    job: { ...lost, wiped: true },
    haves: ['claimed'],
    answer: stop,
  },
  {
    title: 'a claim is cancelled when the attempt was given up and the job waits',
    attempt: silent,
    job: { ...running, state: 'queued' },
    haves: ['claimed'],
    answer: stop,
  },
  {
    title: 'a claim is cancelled when the attempt was given up and the job is offered',
    attempt: silent,
    job: { ...running, state: 'offered', newestOrdinal: 2 },
    haves: ['claimed'],
    answer: stop,
  },
  {
    title: 'a claim is cancelled when a newer attempt was made, also a withdrawn one',
    attempt: silent,
    job: { ...lost, newestOrdinal: 2 },
    haves: ['claimed'],
    answer: stop,
  },
  {
    title: 'a lost attempt that nobody gave up gets its document after all',
    attempt: silent,
    job: lost,
    haves: ['claimed'],
    answer: again,
  },
  { title: 'what runs goes on', attempt: sent, job: running, haves: started, answer: goOn },
  { title: 'what runs goes on after a silence', attempt: silent, job: lost, haves: started, answer: goOn },
  {
    title: 'what runs goes on while a newer attempt has no document yet',
    attempt: silent,
    job: { ...running, state: 'offered', newestOrdinal: 2 },
    haves: started,
    answer: goOn,
  },
  {
    title: 'what runs goes on when the secrets are gone',
    attempt: silent,
    job: { ...lost, wiped: true },
    haves: started,
    answer: goOn,
  },
  {
    title: 'what runs is stopped when a cancel is wanted',
    attempt: sent,
    job: { ...running, cancelRequested: true },
    haves: started,
    answer: stop,
  },
  {
    title: 'what runs is stopped beside a newer attempt that got its document',
    attempt: silent,
    job: { ...running, newestOrdinal: 2, documentOrdinal: 2 },
    haves: allHaves,
    answer: stop,
  },
  {
    title: 'another folder means state-lost',
    attempt: sent,
    job: running,
    haves: allHaves,
    open: { folderId: 'other' },
    answer: stateLost,
  },
  {
    title: 'another folder means state-lost after a silence',
    attempt: silent,
    job: lost,
    haves: allHaves,
    open: { folderId: 'other' },
    answer: stateLost,
  },
  {
    title: 'another agent is refused before all else',
    attempt: { ...sent, state: 'ended' },
    job: running,
    haves: allHaves,
    open: { agentId: 'a2' },
    answer: { type: 'wrong-agent' },
  },
  {
    title: 'an open of an older count changes nothing',
    attempt: sent,
    job: running,
    haves: allHaves,
    open: { epoch: { leaseEpoch: 3, opens: 6 }, folderId: 'other' },
    answer: replaced,
  },
  {
    title: 'an open of an older lease changes nothing, however high its count',
    attempt: sent,
    job: running,
    haves: allHaves,
    open: { epoch: { leaseEpoch: 2, opens: 99 } },
    answer: replaced,
  },
  {
    title: 'an open of a newer lease counts, however low its count',
    attempt: sent,
    job: running,
    haves: started,
    open: { epoch: { leaseEpoch: 4, opens: 1 } },
    answer: goOn,
  },
];

describe('the answer to an open', () => {
  for (const { title, attempt, job, haves, open: change, answer } of rows) {
    for (const have of haves) {
      test(`${title} (${have})`, () => {
        assert.deepEqual(answerOpen(attempt, job, { ...open, have, ...change }), answer);
      });
    }
  }
});
