import type { PlantedBug } from './planted-bug.ts';

/** Mistakes in the program of an agent. */
export const plantedAgentBugs: readonly PlantedBug[] = [
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
    foundBy: 2,
  },
  {
    name: 'the agent frees the folder before the hub accepted the result',
    edits: [
      {
        file: 'agent/attempts/attempt-ending.ts',
        find: "const flush = () => void this.#core.post('flush', () => this.#flushResult());",
        replace: "const flush = () => void this.#core.post('flush', () => this.#core.folder.remove());",
      },
    ],
    faults: ['crash', 'cut', 'partition'],
    seeds: 400,
    foundBy: 209,
  },
  {
    name: 'no tombstone stands for an attempt that ended',
    edits: [
      {
        file: 'agent/attempts/attempt-release.ts',
        find: "    if (why === 'accepted') await context.spool.withReserve(() => context.tombstones.add(core.id));\n",
        replace: '',
      },
    ],
    faults: ['restore-store'],
    seeds: 1000,
    foundBy: 6445,
  },
  {
    name: 'an intent beats an exit that came before it',
    edits: [
      {
        file: 'agent/attempts/ending.ts',
        find: '  if (intent !== null && end.marked)\n',
        replace: '  if (intent !== null)\n',
      },
    ],
    faults: ['slow'],
    seeds: 1000,
    foundBy: 409,
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
    foundBy: 63,
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
    foundBy: 1,
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
    foundBy: 17,
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
    foundBy: 3,
  },
  {
    name: 'the exit is not read again when a command was stopped',
    edits: [
      {
        file: 'agent/attempts/attempt-recovery.ts',
        find: '    end: await executor.readEnd(folder.target),\n',
        replace: "    end: watched !== null && 'intent' in watched ? null : await executor.readEnd(folder.target),\n",
      },
    ],
    faults: ['slow'],
    seeds: 200,
    foundBy: 84,
  },
  {
    name: 'outputs are read before the command ended',
    edits: [
      {
        file: 'agent/attempts/attempt-command.ts',
        find: '  async #started(at: number): Promise<void> {\n',
        replace: `  async #started(at: number): Promise<void> {
    const { findOutputs } = await import('./attempt-seal.ts');
    const secrets = this.#core.stream.sealing;
    const record = this.#core.state.record;
    if (secrets !== null && record !== undefined)
      this.#core.folder.early = await findOutputs(this.#core.context, this.#core.folder, { record, ending: { type: 'exited', status: 0 } }, secrets);
`,
      },
      {
        file: 'agent/attempts/attempt-seal.ts',
        find: '    state.outputs ?? findOutputs(context, folder, state, secrets),',
        replace: '    folder.early ?? state.outputs ?? findOutputs(context, folder, state, secrets),',
      },
    ],
    faults: ['slow'],
    seeds: 50,
    foundBy: 2,
  },
  {
    name: 'a before hook that failed does not keep the command from starting',
    edits: [
      {
        file: 'agent/attempts/attempt-beginning.ts',
        find: '    if (refusal !== null) return ending.settle({ ...end, ending: refusal });\n',
        replace: '',
      },
    ],
    faults: ['slow'],
    seeds: 50,
    foundBy: 2,
  },
  {
    name: 'an adopted command has no after hook',
    edits: [
      {
        file: 'agent/attempts/attempt-beginning.ts',
        find: '        const { record, execution, startedAt, intent } = recovered;\n',
        replace:
          '        const { execution, startedAt, intent } = recovered;\n        const record = { ...recovered.record, terms: { ...recovered.record.terms, after: null } };\n',
      },
    ],
    faults: ['crash', 'leave'],
    seeds: 200,
    foundBy: 44,
  },
  {
    name: 'the after hook begins while something of the command is alive',
    edits: [
      {
        file: 'agent/attempts/attempt-command.ts',
        find: '      const escaped = await this.#clear(execution, { graceMs, boundMs: graceMs + limits.boundMs });\n      if (escaped === null) return;\n',
        replace: '      const escaped = 0;\n      await execution.signal("SIGTERM");\n',
      },
    ],
    faults: ['kill-job'],
    seeds: 200,
    foundBy: 15,
  },
  {
    name: 'an adopted command gets all its time anew',
    edits: [
      {
        file: 'agent/attempts/attempt-command.ts',
        find: 'const usedMs = execution.ranMs ?? (startedAt === null ? 0 : Math.max(0, clock.now() - startedAt));',
        replace: 'const usedMs = 0;',
      },
    ],
    faults: ['crash', 'leave'],
    seeds: 200,
    foundBy: 46,
  },
  {
    name: 'what a limited log lacks is not told',
    edits: [
      {
        file: 'agent/attempts/attempt-seal.ts',
        find: '    gaps.push({ ...gap, ...place, ...(until !== undefined && { until: await toOffset(until) }) });\n',
        replace: '',
      },
    ],
    faults: ['slow'],
    seeds: 50,
    foundBy: 5,
  },
  {
    name: 'progress is shown as the program wrote it',
    edits: [
      {
        file: 'agent/attempts/attempt-progress.ts',
        find: '    this.#newest = toProgress(text, maskText);\n',
        replace: '    this.#newest = toProgress(text, (words) => words);\n',
      },
    ],
    faults: ['slow'],
    seeds: 100,
    foundBy: 5,
  },
  {
    name: 'a second agent on the folder is not refused',
    edits: [{ file: 'agent/agent.ts', find: '    using _lock = this.#takeLock(dataFolder);\n', replace: '' }],
    faults: ['second-agent'],
    seeds: 20,
    foundBy: 2,
  },
];
