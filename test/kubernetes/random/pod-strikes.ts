import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Excuses } from '../../faults/random/excuses.ts';
import type { Strike } from '../../faults/random/strike.ts';
import { signalProcess } from '../../support/job-processes.ts';
import type { Dice } from '../../support/seeded-dice.ts';
import type { PodPlace } from './pod-place.ts';

/** What is struck: pods of the place, and what holds them. */
export interface PodScene {
  readonly site: PodPlace;
  readonly excuses: Excuses;
  readonly dice: Dice;
}

type PodStrike = Strike<PodScene>;

/** Of a job whose pod somebody ended: as its platform says, as its command took it, or that nobody knows. */
const endsOfDeleted = ['failed pod-deleted', 'failed signal', 'lost process-lost'];

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.object({ 'farhand.io/attempt': z.string(), 'job-name': z.string() }),
      }),
    }),
  ),
});
type Pod = z.infer<typeof Pods>['items'][number];

const podStrikes: readonly [PodStrike, ...PodStrike[]] = [
  {
    name: 'pod deleted',
    strike: (scene) =>
      strikePod(scene, endsOfDeleted, ({ metadata }) => ['delete', 'pod', metadata.name, '--wait=false']),
  },
  {
    name: 'pod deleted by force',
    strike: (scene) =>
      strikePod(scene, endsOfDeleted, ({ metadata }) => [
        'delete',
        'pod',
        metadata.name,
        '--grace-period=0',
        '--force',
        '--wait=false',
      ]),
  },
  {
    name: 'Job deleted',
    strike: (scene) =>
      strikePod(scene, endsOfDeleted, ({ metadata }) => ['delete', 'job', metadata.labels['job-name'], '--wait=false']),
  },
  { name: 'pod evicted', strike: evictPod },
  {
    name: 'runner killed',
    async strike({ site, dice }) {
      const [first, ...others] = findRunners(site);
      if (first !== undefined) signalProcess(dice.pick([first, ...others]), 'SIGKILL');
    },
  },
  {
    name: 'runner stopped',
    async strike({ site, dice }) {
      const [first, ...others] = findRunners(site);
      if (first === undefined) return;
      const runner = dice.pick([first, ...others]);
      signalProcess(runner, 'SIGSTOP');
      await delay(dice.below(3_000));
      signalProcess(runner, 'SIGCONT');
    },
  },
  { name: 'lines of runners cut', strike: async ({ site }) => site.runnerLine.cut() },
  {
    name: 'lines of runners stalled',
    async strike({ site, dice }) {
      using _held = site.runnerLine.hold(dice.pick(['up', 'down']));
      await delay(dice.below(2_000));
    },
  },
  {
    name: 'lines of runners one-way',
    async strike({ site, dice }) {
      site.runnerLine.silence(dice.pick(['up', 'down']));
      await delay(dice.below(2_000));
      site.runnerLine.cut();
    },
  },
];

export function pickPodStrike({ dice }: PodScene): PodStrike {
  return dice.pick(podStrikes);
}

async function strikePod(
  scene: PodScene,
  ends: readonly string[],
  toCall: (pod: Pod) => readonly string[],
): Promise<void> {
  const pod = await pickPod(scene, ends);
  // It may be gone, and the API server away, by now.
  if (pod !== null) await scene.site.cluster.kubectl(...toCall(pod), '--request-timeout=5s').catch(() => {});
}

async function evictPod(scene: PodScene): Promise<void> {
  const { cluster } = scene.site;
  const pod = await pickPod(scene, [...endsOfDeleted, 'failed evicted']);
  if (pod === null) return;
  const { name } = pod.metadata;
  const file = join(cluster.folder, 'eviction.json');
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } };
  await writeFile(file, JSON.stringify(eviction));
  const path = `/api/v1/namespaces/default/pods/${name}/eviction`;
  await cluster.kubectl('create', '--raw', path, '-f', file, '--request-timeout=5s').catch(() => {});
}

/** One of the moment, whose job may come to these ends from now on. */
async function pickPod({ site, dice, excuses }: PodScene, ends: readonly string[]): Promise<Pod | null> {
  const selector = 'app.kubernetes.io/managed-by=farhand';
  const text = await site.cluster
    .kubectl('get', 'pods', '-l', selector, '-o', 'json', '--request-timeout=5s')
    .catch(() => null);
  const [first, ...others] = text === null ? [] : Pods.parse(JSON.parse(text)).items;
  if (first === undefined) return null;
  const pod = dice.pick([first, ...others]);
  const job = await findJob(site, pod.metadata.labels['farhand.io/attempt']);
  if (job === null) return null;
  excuses.excuse(job, ends);
  return pod;
}

async function findJob({ agents }: PodPlace, attempt: string): Promise<string | null> {
  for (const { agent } of agents) {
    const claim = await readFile(agent.attemptFile(attempt, 'claim.json'), 'utf8').catch(() => null);
    if (claim !== null) return z.object({ job: z.string() }).parse(JSON.parse(claim)).job;
  }
  return null;
}

/** Processes of this machine that dial this place from a pod: by their environment, which no other cluster's have. */
function findRunners({ runnerLine }: PodPlace): readonly number[] {
  const found = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const entries = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      const isRunner = entries.some((entry) => entry.startsWith('FARHAND_RUNNER_ORDER='));
      return (
        isRunner && entries.some((entry) => /^FARHAND_HUB_URL=.*:(\d+)$/.exec(entry)?.[1] === `${runnerLine.port}`)
      );
    } catch {
      return false;
    }
  });
  return found.map(Number);
}
