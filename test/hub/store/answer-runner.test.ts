import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OpenedJob, OpenRow } from '../../../hub/store/answer-open.ts';
import { answerRunner, type RunnerOpen } from '../../../hub/store/answer-runner.ts';

type Opened = Parameters<typeof answerRunner>[0];

const [agentFolder, own, other] = ['agents-folder', 'own-folder', 'other-folder'];
const session = { leaseEpoch: 2, opens: 3 };
const came: Opened['handover'] = { state: 'given', runner: { folderId: own, session } };
const given: Opened['handover'] = { state: 'given', runner: null };
const attempt: Opened = { state: 'running', ordinal: 1, folderId: agentFolder, documentSentAt: 7, handover: came };
const job: OpenedJob = { state: 'running', cancelRequested: false, newestOrdinal: 1, documentOrdinal: 1, wiped: false };
const open: RunnerOpen = {
  agentFolderId: agentFolder,
  isOwnTicket: true,
  folderId: own,
  have: 'claimed',
  epoch: session,
};

const withdrawn: OpenRow = { type: 'withdrawn' };
const runs: OpenRow = { type: 'job', desired: 'run', document: true, commits: false };
const stops: OpenRow = { type: 'job', desired: 'cancel', document: false, commits: false };
const goesOn: OpenRow = { type: 'job', desired: 'run', document: false, commits: false };

interface Case {
  readonly attempt?: Partial<Opened>;
  readonly job?: Partial<OpenedJob>;
  readonly open?: Partial<RunnerOpen>;
}

const fresh = { handover: given, documentSentAt: null };

/** The table of `docs/attempts.md` §7. */
const rows: readonly (readonly [what: string, given: Case, expected: OpenRow])[] = [
  ['the first that comes gets the document, once that is committed', { attempt: fresh }, { ...runs, commits: true }],
  ['the same folder gets it again: it was lost on the way', {}, runs],
  ['another folder never does', { open: { folderId: other } }, withdrawn],
  ['one whose ticket is of another folder of the agent is withdrawn', { open: { agentFolderId: other } }, withdrawn],
  [
    'one whose attempt the agent took back is withdrawn',
    { attempt: { handover: { ...came, state: 'taken-back' } } },
    withdrawn,
  ],
  [
    'one whose attempt has ended is accepted',
    { attempt: { state: 'ended' }, open: { folderId: other } },
    { type: 'accepted' },
  ],
  ['one whose attempt was given up is withdrawn', { attempt: { state: 'withdrawn' } }, withdrawn],
  ['one whose folder was called gone is withdrawn', { attempt: { state: 'state-lost' } }, withdrawn],
  [
    'a session that is older than another is replaced',
    { open: { epoch: { leaseEpoch: 2, opens: 2 } } },
    { type: 'replaced' },
  ],
  ['a session of an older start is replaced', { open: { epoch: { leaseEpoch: 1, opens: 9 } } }, { type: 'replaced' }],
  ['the same session once more is not', { open: { have: 'started' } }, goesOn],
  [
    'one that has the document is believed by a store that knows of no runner',
    { attempt: { handover: null }, open: { have: 'started' } },
    goesOn,
  ],
  ['one that has none is not', { attempt: { handover: null } }, withdrawn],
  [
    'nor with a ticket of the store that this one is a copy of',
    { attempt: fresh, open: { isOwnTicket: false } },
    withdrawn,
  ],
  ['a claim of a job that is to be cancelled gets no document', { job: { cancelRequested: true } }, stops],
  ['nor one beside a newer attempt that got its own', { job: { documentOrdinal: 2, newestOrdinal: 2 } }, stops],
  [
    'nor one whose attempt was given up for another try',
    { attempt: { state: 'agent-lost' }, job: { state: 'queued' } },
    stops,
  ],
  ['nor one whose secrets are gone', { job: { wiped: true } }, stops],
  ['what runs goes on though the secrets are gone', { job: { wiped: true }, open: { have: 'started' } }, goesOn],
  ['what runs is told of a cancel', { job: { cancelRequested: true }, open: { have: 'started' } }, stops],
];

describe('of runners that open', () => {
  for (const [what, found, expected] of rows)
    it(what, () => {
      assert.deepEqual(
        answerRunner({ ...attempt, ...found.attempt }, { ...job, ...found.job }, { ...open, ...found.open }),
        expected,
      );
    });
});
