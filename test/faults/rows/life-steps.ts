import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTombstones } from '../../../agent/attempts/tombstones.ts';
import type { Job } from '../../../protocol/job.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { createFaultPlace, type FaultAgent, type FaultPlace } from '../../support/fault-place.ts';
import { isEnded } from '../../support/hub-api.ts';
import { until } from '../../support/until.ts';

export type Victim = 'agent' | 'hub' | 'both';

/** One moment of a job's life, brought about exactly: by holding the line between hub and agent, stopping a process, or a gate. */
interface Step {
  readonly name: string;
  /** Answers when a new job stands at the step. What it disposes of then lets the survivors go on. */
  reach(scene: Scene, held: DisposableStack): Promise<Job>;
}

interface Scene {
  readonly place: FaultPlace;
  readonly agent: FaultAgent;
  readonly submit: () => Promise<Job>;
  /** The attempt's folder, once it is there. */
  readonly attempt: () => Promise<string>;
  /** A file of the attempt, once it has content that fits. */
  readonly file: (name: string, content?: RegExp) => Promise<void>;
  readonly running: (job: Job) => Promise<Job>;
}

const sessions = { path: /^\/v1\/sessions\// };

function contentOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'latin1') : '';
}

export const steps: readonly Step[] = [
  {
    name: 'submitted',
    async reach({ agent, submit }, held) {
      agent.pause();
      held.defer(() => agent.resume());
      return submit();
    },
  },
  {
    name: 'offered',
    async reach({ place, agent, submit }, held) {
      agent.pause();
      held.defer(() => agent.resume());
      const job = await submit();
      return place.api.jobWhen(job.id, 'offered', ({ state }) => state === 'offered');
    },
  },
  {
    name: 'claimed',
    async reach({ agent, submit, file }, held) {
      held.use(agent.line.hold('up', sessions));
      const job = await submit();
      await file('claim.json');
      return job;
    },
  },
  {
    name: 'document sent',
    async reach({ agent, submit, running }, held) {
      held.use(agent.line.hold('down', sessions));
      return running(await submit());
    },
  },
  {
    name: 'document received',
    async reach({ submit, file }) {
      const job = await submit();
      await file('document.json');
      return job;
    },
  },
  {
    name: 'started',
    async reach({ submit, file }) {
      const job = await submit();
      await file('started');
      return job;
    },
  },
  {
    name: 'printing',
    async reach({ place, submit }) {
      const job = await submit();
      await until('the first bytes of the log', async () => (await place.api.log(job.id)).length > 0);
      return job;
    },
  },
  {
    name: 'ended',
    async reach({ place, agent, submit, file }, held) {
      const job = await submit();
      await file('raw', /first/);
      agent.pause();
      held.defer(() => agent.resume());
      await place.open(job.id);
      await file('exit', /\n/);
      return job;
    },
  },
  {
    name: 'sealed',
    async reach({ place, agent, submit, file }, held) {
      const job = await submit();
      await file('raw', /first/);
      held.use(agent.line.hold('up', sessions));
      await place.open(job.id);
      await file('result.json');
      return job;
    },
  },
  {
    name: 'result sent',
    async reach({ place, agent, submit, file }, held) {
      const job = await submit();
      await file('raw', /first/);
      held.use(agent.line.hold('down', sessions));
      await place.open(job.id);
      return place.api.jobWhen(job.id, 'ended', isEnded);
    },
  },
  {
    name: 'accepted',
    async reach({ place, agent, submit, attempt }) {
      const job = await submit();
      const id = await attempt();
      await place.open(job.id);
      const tombstones = openTombstones(systemFileSystem, join(agent.data, 'tombstones'));
      await until('the tombstone', () => tombstones.has(id));
      return job;
    },
  },
];

const run =
  'say first; wait_for "$FARHAND_JOB_ID"; say second; i=0; while [ $i -lt 50 ]; do say "line $i"; i=$((i+1)); done';

function createScene(place: FaultPlace, agent: FaultAgent): Scene {
  const attempt = () => until('a claim', () => agent.attempts()[0]);
  return {
    place,
    agent,
    submit: () => place.api.submit({ automation: 'job', parameters: { run } }),
    attempt,
    async file(name, content = /./) {
      const path = agent.attemptFile(await attempt(), name);
      await until(`${name} of the attempt`, () => content.test(contentOf(path)));
    },
    running: (job) => place.api.jobWhen(job.id, 'running', ({ state }) => state === 'running'),
  };
}

async function strike(victim: Victim, { hub }: FaultPlace, agent: FaultAgent): Promise<void> {
  await Promise.all([victim === 'agent' ? null : hub.kill(), victim === 'hub' ? null : agent.kill()]);
}

/** Kills `victim` when a job stands at this step of its life, starts it again, and expects the job's one true end. */
export async function runLife(victim: Victim, step: Step): Promise<void> {
  await using place = await createFaultPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork(agent.name);
  const about = `${victim} killed at "${step.name}"`;
  try {
    const job = await reachAndStrike(victim, step, createScene(place, agent));
    await place.open(job.id);
    if (!place.hub.isUp) await place.hub.start();
    if (!agent.isUp) await agent.start();
    const end = await place.api.end(job.id);
    assert.deepEqual([end.state, end.cause, end.exitCode], ['succeeded', 'exit-code', 0]);
    await place.ledger.check(end, place.api);
    await until('the folder to be freed', () => agent.attempts().length === 0);
  } catch (cause) {
    throw new Error(about, { cause });
  }
}

/** What held the job at the step goes on only when the victim is dead. */
async function reachAndStrike(victim: Victim, step: Step, scene: Scene): Promise<Job> {
  using held = new DisposableStack();
  const job = await step.reach(scene, held);
  await strike(victim, scene.place, scene.agent);
  return job;
}
