import type { FaultKind } from './generate-schedule.ts';

/** One place of a file, from the root of the repository, and what stands there instead. `find` stands in it exactly once. */
export interface PlantedEdit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A mistake that somebody could make in the program. Where two places keep each other's watch, it is made in both. */
export interface PlantedBug {
  /** What the program does then. */
  readonly name: string;
  readonly edits: readonly PlantedEdit[];
  /** It does harm beside faults of these kinds. */
  readonly faults: readonly [FaultKind, ...FaultKind[]] | 'put-back';
  /** Within so many seeds it must be found. */
  readonly seeds: number;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'recovery says "never started" without taking the fence',
    edits: [
      {
        file: 'agent/attempts/recover-attempt.ts',
        find: "    return { type: 'take-fence' };",
        replace: "    return { type: 'finish', ending: unborn(found.intent) };",
      },
    ],
    faults: ['crash'],
    seeds: 200,
  },
  {
    name: 'the hub forgets that the document was sent',
    edits: [
      {
        file: 'hub/store/commands/open-attempt.ts',
        find: "    state: 'running',\n    number,\n    folder_id: folderId,\n    document_sent_at: at,",
        replace: "    state: 'offered',\n    number,\n    folder_id: folderId,",
      },
    ],
    faults: ['crash', 'cut', 'partition'],
    seeds: 200,
  },
  {
    name: 'the hub says "accepted" before it stored the result',
    edits: [
      {
        file: 'hub/sessions/session.ts',
        find: "    const answer = await this.#options.store.apply('end-attempt', {",
        replace: "    await this.#accept();\n    const answer = await this.#options.store.apply('end-attempt', {",
      },
    ],
    faults: ['crash'],
    seeds: 200,
  },
  {
    name: 'the agent frees the folder before the hub accepted the result',
    edits: [
      {
        file: 'agent/attempts/attempt.ts',
        find: "const flush = () => void this.#post('flush', () => this.#flushResult());",
        replace: "const flush = () => void this.#post('flush', () => this.#release('accepted'));",
      },
    ],
    faults: ['crash', 'cut', 'partition'],
    seeds: 200,
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
  },
  {
    name: 'no tombstone stands for an attempt that ended',
    edits: [
      {
        file: 'agent/attempts/attempt.ts',
        find: "    if (why === 'accepted') await this.#context.spool.withReserve(() => this.#context.tombstones.add(this.id));\n",
        replace: '',
      },
    ],
    faults: ['restore-store', 'lossy', 'crash'],
    seeds: 200,
  },
  {
    name: 'an intent beats an exit that came before it',
    edits: [
      {
        file: 'agent/attempts/ending.ts',
        find: '  return intent !== null && exit.marked\n',
        replace: '  return intent !== null\n',
      },
    ],
    faults: ['slow'],
    seeds: 200,
  },
  {
    name: 'a job that may have run is tried again although it is not safe to',
    edits: [{ file: 'hub/store/retry-rule.ts', find: '    situation.retrySafe &&\n', replace: '' }],
    faults: ['crash', 'kill-job'],
    seeds: 200,
  },
  {
    name: 'the agent takes work from a store that came back',
    edits: [
      {
        file: 'agent/hub-guard.ts',
        find: '      if (seen === null || (!isOther && !isOlder(hello, seen, how))) {',
        replace: '      if ((true as boolean) || isOther) {',
      },
    ],
    faults: ['restore-store', 'crash'],
    seeds: 200,
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
    faults: ['restore-store', 'crash'],
    seeds: 600,
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
    faults: ['restore-store', 'crash'],
    seeds: 600,
  },
  {
    name: 'the agent goes by the count of commits alone',
    edits: [
      {
        file: 'agent/hub-guard.ts',
        find: '  return named === null || hello.commitsOfSeen === null || hello.commitsOfSeen < named.commits;\n',
        replace: '  return hello.commits < seen.commits;\n',
      },
    ],
    faults: 'put-back',
    seeds: 100,
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
  },
  {
    name: 'after a restart the stream goes on without its secrets',
    edits: [
      {
        file: 'agent/attempts/attempt-stream.ts',
        find: '    if (hasSecrets && this.#secrets === null) return;\n',
        replace: '',
      },
    ],
    faults: ['crash', 'leave'],
    seeds: 200,
  },
  {
    name: 'the claim is not on the disk when the session is opened',
    edits: [
      {
        file: 'agent/attempts/attempt-folder.ts',
        find: '      await Promise.all([claim.write(record), fs.syncFolder(attempts)]);',
        replace: '      await claim.put(record);',
      },
    ],
    faults: ['crash'],
    seeds: 200,
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
  },
];
