import type { PlantedBug } from './planted-bug.ts';

/** Mistakes in how an attempt is handed over to a runner, on either side. */
export const plantedHandoverBugs: readonly PlantedBug[] = [
  {
    name: 'the hub gives the document to a second runner',
    edits: [
      {
        file: 'hub/store/answer-runner.ts',
        find: 'runner !== null && runner.folderId !== open.folderId',
        replace: 'false as boolean',
      },
    ],
    faults: ['replace-pod'],
    inPods: true,
    seeds: 100,
    foundBy: 2,
  },
  {
    name: 'the hub sends the secrets to the agent that hands over',
    edits: [
      {
        file: 'hub/sessions/session.ts',
        find: 'const secrets = open.needsSecrets && sealed !== null',
        replace: 'const secrets = sealed !== null',
      },
    ],
    faults: ['slow'],
    inPods: true,
    seeds: 50,
    foundBy: 3,
  },
  {
    name: "a result of the agent takes the place of its runner's",
    edits: [
      {
        file: 'hub/store/answer-open.ts',
        find: "  if (attempt.state === 'ended') return { type: 'accepted' };\n",
        replace: "  if (attempt.state === 'ended' && attempt.handover === null) return { type: 'accepted' };\n",
      },
      {
        file: 'hub/store/commands/end-attempt.ts',
        find: "  if (attempt.state === 'ended') return { type: 'accepted', job: toJobRecord(job) };\n",
        replace:
          "  if (attempt.state === 'ended' && attempt.handover === null) return { type: 'accepted', job: toJobRecord(job) };\n",
      },
    ],
    faults: ['slow'],
    inPods: true,
    seeds: 50,
    foundBy: 2,
  },
  {
    name: 'a ticket opens another attempt',
    edits: [
      { file: 'hub/identity/tickets.ts', find: '          audience: attempt,\n', replace: '' },
      {
        file: 'hub/store/answer-runner.ts',
        find: 'attempt.folderId !== null && attempt.folderId !== open.agentFolderId',
        replace: 'false as boolean',
      },
    ],
    faults: ['misuse-ticket'],
    inPods: true,
    seeds: 300,
    foundBy: 71,
  },
  {
    name: 'an agent that comes back hands over what it had handed over',
    edits: [
      {
        file: 'agent/attempts/attempt-beginning.ts',
        find: '      return this.#options.handover.recover(claim, given);\n',
        replace: "      return this.#core.setState({ type: 'claimed', claim });\n",
      },
    ],
    faults: ['crash', 'leave'],
    inPods: true,
    seeds: 100,
    foundBy: 9,
  },
  {
    name: 'an agent that comes back takes the attempt back while its pod runs',
    edits: [
      {
        file: 'agent/attempts/attempt-handover.ts',
        find: '    if (execution === null) {\n',
        replace: '    if ((true as boolean) || execution === null) {\n',
      },
    ],
    faults: ['crash', 'leave'],
    inPods: true,
    seeds: 100,
    foundBy: 9,
  },
  {
    name: 'the agent does not ask the hub whether a runner came',
    edits: [
      {
        file: 'agent/attempts/attempt-handover.ts',
        find: 'frame.handover?.runnerCame ?? true',
        replace: 'false as boolean',
      },
    ],
    faults: ['end-pod'],
    inPods: true,
    seeds: 100,
    foundBy: 4,
  },
  {
    name: 'what an agent says of a pod that is gone is called the whole log',
    edits: [
      {
        file: 'agent/attempts/attempt-handover.ts',
        find: 'sha256: digestOfNothing, complete: false, gaps, trailing: 0',
        replace: 'sha256: digestOfNothing, complete: true, gaps: gaps.slice(1), trailing: 0',
      },
      { file: 'hub/sessions/judge-log.ts', find: ' && stored.sha256 === log.sha256', replace: '' },
    ],
    faults: ['end-pod', 'part-pod'],
    inPods: true,
    seeds: 100,
    foundBy: 8,
  },
  {
    name: 'a runner that is not wanted leaves the container beside it waiting',
    edits: [
      {
        file: 'agent/runner/runner.ts',
        find: '    await executor.release(target);\n    return outcome === null',
        replace: '    return outcome === null',
      },
      {
        file: 'agent/runner/runner.ts',
        find: '    await executor.release({ attempt: order.attempt, folder: path });\n',
        replace: '',
      },
    ],
    faults: ['replace-pod'],
    inPods: true,
    seeds: 100,
    foundBy: 2,
  },
];
