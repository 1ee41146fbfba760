import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openTombstones } from '../../../agent/attempts/tombstones.ts';
import type { Job } from '../../../protocol/job.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import type { Daemon } from '../../support/daemon.ts';
import type { createFaultPlace, FaultAgent, FaultPlace } from '../../support/fault-place.ts';
import { isEnded } from '../../support/hub-api.ts';
import { until } from '../../support/until.ts';

export type Victim = 'agent' | 'hub' | 'both';
export type Blow = 'killed' | 'stopped' | 'stopped for long';

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
  /** Until disposed; then the agent goes on, unless it was struck meanwhile. */
  readonly pauseAgent: () => Disposable;
  struck: readonly Daemon[];
}

const sessions = { path: /^\/v1\/sessions\// };

function contentOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'latin1') : '';
}

export const steps: readonly Step[] = [
  {
    name: 'submitted',
    async reach({ pauseAgent, submit }, held) {
      held.use(pauseAgent());
      return submit();
    },
  },
  {
    name: 'offered',
    async reach({ place, pauseAgent, submit }, held) {
      held.use(pauseAgent());
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
    async reach({ place, pauseAgent, submit, file }, held) {
      const job = await submit();
      await file('raw', /first/);
      held.use(pauseAgent());
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
  const scene: Scene = {
    place,
    agent,
    struck: [],
    pauseAgent() {
      agent.pause();
      return {
        [Symbol.dispose]() {
          if (!scene.struck.includes(agent)) agent.resume();
        },
      };
    },
    submit: () => place.api.submit({ automation: 'job', parameters: { run } }),
    attempt,
    async file(name, content = /./) {
      const path = agent.attemptFile(await attempt(), name);
      await until(`${name} of the attempt`, () => content.test(contentOf(path)));
    },
    running: (job) => place.api.jobWhen(job.id, 'running', ({ state }) => state === 'running'),
  };
  return scene;
}

const lostAfterSeconds = 2;
const pauseMs: Readonly<Record<Exclude<Blow, 'killed'>, number>> = { stopped: 2_000, 'stopped for long': 6_000 };

/** Strikes `victim` when a job stands at this step of its life, brings it back, and expects the job's one true end. */
export async function runLife(
  { victim, blow, step }: { readonly victim: Victim; readonly blow: Blow; readonly step: Step },
  { createPlace }: { readonly createPlace: typeof createFaultPlace },
): Promise<void> {
  const bound = blow === 'stopped for long' ? { FARHAND_LOST_AFTER_SECONDS: String(lostAfterSeconds) } : {};
  await using place = await createPlace(bound);
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork(agent.name);
  const victims = { agent: [agent], hub: [place.hub], both: [place.hub, agent] }[victim];
  try {
    const job = await reachAndStrike(victims, blow, { step, scene: createScene(place, agent) });
    await place.open(job.id);
    await recover(victims, blow);
    const end = await place.api.jobWhen(job.id, 'ended', (seen) => isEnded(seen) && seen.cause !== 'agent-lost');
    assert.deepEqual([end.state, end.cause, end.exitCode], ['succeeded', 'exit-code', 0]);
    await place.ledger.check(end, place.api);
    await until('the folder to be freed', () => agent.attempts().length === 0);
  } catch (cause) {
    throw new Error(`${victim} ${blow} at "${step.name}"`, { cause });
  }
}

/** What held the job at the step goes on only when the victim was struck; what held an agent that is struck does not wake it. */
async function reachAndStrike(
  victims: readonly Daemon[],
  blow: Blow,
  { step, scene }: { readonly step: Step; readonly scene: Scene },
): Promise<Job> {
  using held = new DisposableStack();
  const job = await step.reach(scene, held);
  if (blow === 'killed') await Promise.all(victims.map((victim) => victim.kill()));
  else for (const victim of victims) victim.pause();
  scene.struck = victims;
  return job;
}

async function recover(victims: readonly Daemon[], blow: Blow): Promise<void> {
  if (blow !== 'killed') {
    await delay(pauseMs[blow]);
    for (const victim of victims) victim.resume();
    return;
  }
  for (const victim of victims) await victim.start();
}
