import type { PlantedBug } from './planted-bug.ts';

/** Mistakes in the program of the hub. */
export const plantedHubBugs: readonly PlantedBug[] = [
  {
    name: 'the hub forgets that the document was sent',
    edits: [
      {
        file: 'hub/store/commit-document.ts',
        find: "    state: 'running',\n    number,\n    document_sent_at: at,",
        replace: "    state: 'offered',\n    number,",
      },
    ],
    faults: ['crash', 'cut', 'partition'],
    seeds: 200,
    foundBy: 6,
  },
  {
    name: 'the hub says "accepted" before it stored the result',
    edits: [
      {
        file: 'hub/sessions/session.ts',
        find: '    const answer = await this.#speaker.end({',
        replace: '    await this.#accept();\n    const answer = await this.#speaker.end({',
      },
    ],
    faults: ['crash'],
    seeds: 200,
    foundBy: 73,
  },
  {
    name: 'nobody looks whether it is the folder that got the document',
    edits: [
      {
        file: 'hub/store/answer-open.ts',
        find: 'attempt.folderId !== null && attempt.folderId !== open.folderId',
        replace: 'false as boolean',
      },
      { file: 'agent/dispatch.ts', find: '    if (offer.documentSent) return folderGone;\n', replace: '' },
    ],
    faults: ['lose-disk'],
    seeds: 200,
    foundBy: 2,
  },
  {
    name: 'a job that may have run is tried again although it is not safe to',
    edits: [{ file: 'hub/store/retry-rule.ts', find: '    situation.retrySafe &&\n', replace: '' }],
    faults: ['crash', 'kill-job'],
    seeds: 200,
    foundBy: 3,
  },
  {
    name: 'a silent agent’s running attempt is answered as one that was withdrawn',
    edits: [
      {
        file: 'hub/store/answer-open.ts',
        find: "  if (attempt.state === 'withdrawn' || attempt.state === 'state-lost') return { type: 'withdrawn' };",
        replace: "  if (attempt.state !== 'offered' && attempt.state !== 'running') return { type: 'withdrawn' };",
      },
    ],
    faults: ['partition', 'crash'],
    seeds: 200,
    foundBy: 152,
  },
  {
    name: 'an older session of an attempt wins over a newer one',
    edits: [
      {
        file: 'hub/store/answer-open.ts',
        find: 'compareSessions(open.epoch, attempt.sessionEpoch) < 0',
        replace: '(compareSessions(open.epoch, attempt.sessionEpoch), false)',
      },
    ],
    faults: ['cut', 'stale-open'],
    seeds: 200,
    foundBy: 100,
  },
  {
    name: 'a cancel that came before the document was there does not keep the command from starting',
    edits: [
      {
        file: 'hub/store/answer-open.ts',
        find: 'const desired = job.cancelRequested || job.documentOrdinal',
        replace: 'const desired = job.documentOrdinal',
      },
      {
        file: 'agent/attempts/attempt-command.ts',
        find: '    return this.#isCancelAsked;\n',
        replace: '    return false;\n',
      },
    ],
    faults: ['crash'],
    seeds: 1000,
    foundBy: 251,
  },
  {
    name: 'retention removes a log whose job is not over',
    edits: [
      {
        file: 'hub/store/commands/remove-logs.ts',
        find: '    if (job.ended_at === null || job.ended_at >= endedBefore) continue;\n',
        replace: '',
      },
    ],
    faults: ['crash'],
    given: { retention: { jobsForMs: null, jobsPerAccount: null, logBytes: 0, everyMs: 2_000 } },
    seeds: 200,
    foundBy: 36,
  },
  {
    name: 'retention removes a lost job whose agent may come back',
    edits: [
      {
        file: 'hub/store/retention-statements.ts',
        find: "      .where((build) => build.or([build('ended_at', '<', settledBefore), hasNoOpenAttempt(build)]))\n",
        replace: '',
      },
    ],
    faults: ['partition', 'crash'],
    given: {
      retention: { jobsForMs: 1_000, jobsPerAccount: null, logBytes: null, everyMs: 2_000 },
      lostAfterMs: 20_000,
      correctionWindowMs: 86_400_000,
    },
    seeds: 200,
    foundBy: 152,
  },
  {
    name: 'the hub offers jobs although an agent has seen its store further',
    edits: [
      {
        file: 'hub/scheduler/offer-hold.ts',
        find: "    if (this.#ahead.some((agent) => serves(agent.account, account))) return 'store-behind';\n",
        replace: '',
      },
    ],
    faults: 'put-back',
    seeds: 100,
    foundBy: 1,
  },
  {
    name: 'the hub does not wait for those who may have seen its store further',
    edits: [
      {
        file: 'hub/scheduler/offer-hold.ts',
        find: "    for (const awaited of this.#awaited.keys()) if (serves(awaited, account)) return 'hub-starting';\n",
        replace: '',
      },
    ],
    faults: 'put-back',
    seeds: 100,
    foundBy: 1,
  },
];
