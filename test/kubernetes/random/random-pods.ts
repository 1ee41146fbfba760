import { pickAgentStrike } from '../../faults/random/agent-strikes.ts';
import { checkEverything } from '../../faults/random/check-everything.ts';
import { createExcuses } from '../../faults/random/excuses.ts';
import { pickHubStrike } from '../../faults/random/hub-strikes.ts';
import { keepFound } from '../../faults/random/keep-found.ts';
import { startLoad } from '../../faults/random/load.ts';
import type { RandomFaultsFigures } from '../../faults/random/random-faults.ts';
import { createStrikes } from '../../faults/random/strikes.ts';
import type { FaultAgent } from '../../support/fault-place.ts';
import { createDice, type Dice } from '../../support/seeded-dice.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';
import { type ClusterProgram, findClusterProcess } from '../cluster-process.ts';
import { pickClusterStrike } from './cluster-strikes.ts';
import { takeInventory } from './left-behind.ts';
import { podKinds } from './pod-kinds.ts';
import { openPodPlace, type PodPlace } from './pod-place.ts';
import { pickPodStrike } from './pod-strikes.ts';

export interface RandomPodsOptions {
  readonly dice: Dice;
  /** So many are accepted while strikes fall. */
  readonly jobs: number;
  /** Between two strikes at the same one, at most. */
  readonly betweenStrikesMs: number;
  readonly say: (line: string) => void;
}

const programNames = ['apiserver', 'controller-manager', 'scheduler', 'etcd', 'kubelet', 'containerd'] as const;
/** A pod takes its time on a machine with other work, and a job that never began is tried ten times. */
const endMs = 600_000;
/** As many as can be in the cluster at once, and some that wait. */
const maxOpen = 18;

/**
 * A hub, two agents and a cluster: jobs whose log the kubelet has, and jobs with a runner. The hub, each agent, the cluster and single pods are struck again and again, by a
 * fault and in a moment that the dice choose. Then everything is whole again: every job that was accepted must have its one true end, and nothing be left of it anywhere.
 */
export async function runRandomPods(options: RandomPodsOptions): Promise<RandomFaultsFigures> {
  const { dice, say } = options;
  say(`FAULT_SEED=${dice.seed}`);
  await using site = await openPodPlace();
  try {
    return await run(site, options);
  } catch (cause) {
    const agents = site.agents.map(({ agent }) => agent);
    // What changes while it is copied cannot be.
    for (const daemon of [...agents, site.place.hub]) await daemon.kill();
    const found = await keepFound(site.place, agents);
    throw new Error(`with FAULT_SEED=${dice.seed}; what was found is in ${found}`, { cause });
  }
}

async function run(
  site: PodPlace,
  { dice, jobs, betweenStrikesMs, say }: RandomPodsOptions,
): Promise<RandomFaultsFigures> {
  const { place, cluster, agents } = site;
  const inventory = await takeInventory(cluster, say);
  const programs = Object.fromEntries(
    await Promise.all(programNames.map(async (name) => [name, await findClusterProcess(cluster, name)] as const)),
  ) as Readonly<Record<ClusterProgram, Awaited<ReturnType<typeof findClusterProcess>>>>;
  await Promise.all(agents.map(({ agent }) => agent.start()));

  const breaking = new AbortController();
  const { signal: broken } = breaking;
  const breakOff = (cause: unknown) => {
    say(`broken off: ${String(cause)}`);
    breaking.abort(cause);
  };
  const excuses = createExcuses();
  const load = startLoad(place, {
    kinds: podKinds,
    dice: createDice(dice.seed + 1),
    pauseMs: 1_000,
    maxOpen,
    cancelMs: 15_000,
    maxJobs: jobs,
  });
  const strikes = createStrikes({
    more: () => !broken.aborted && load.accepted.size < jobs,
    pauseMs: betweenStrikesMs,
    say,
  });
  const hubScene = { place, excuses, dice: createDice(dice.seed + 2), disk: null };
  const podScene = { site, excuses, dice: createDice(dice.seed + 3) };
  const apiLines = agents.map(({ apiLine }) => apiLine) as unknown as readonly [TcpProxy, ...TcpProxy[]];
  const clusterScene = { programs, apiLines, dice: createDice(dice.seed + 4) };
  const struck = [
    strikes.against(
      'hub',
      hubScene,
      () => pickHubStrike(hubScene, { long: false }),
      () => raiseHub(site),
    ),
    strikes.against(
      'pods',
      podScene,
      () => pickPodStrike(podScene),
      () => {},
    ),
    strikes.against(
      'cluster',
      clusterScene,
      () => pickClusterStrike(clusterScene),
      () => {},
    ),
    ...agents.map(({ agent }, index) => {
      const scene = { place, excuses, dice: createDice(dice.seed + 5 + index), agent, disk: null };
      return strikes.against(
        agent.name,
        scene,
        () => pickAgentStrike(scene, { long: false }),
        () => raise(agent),
      );
    }),
  ];
  await Promise.all(struck.map((one) => one.catch(breakOff)));
  await load.stop();
  broken.throwIfAborted();
  say(`${strikes.count} strikes, ${load.accepted.size} jobs; now everything is whole`);
  const given = { accepted: load.accepted, excuses, agents: agents.map(({ agent }) => agent), say, endMs };
  const corrected = await checkEverything(place, given);
  await inventory.expectAsAtFirst();
  return { ...place.ledger.figures, strikes: strikes.counts, corrected };
}

function raise(agent: FaultAgent): void {
  if (!agent.isUp) agent.launch();
}

async function raiseHub({ place: { hub } }: PodPlace): Promise<void> {
  if (!hub.isUp) await hub.start();
}
