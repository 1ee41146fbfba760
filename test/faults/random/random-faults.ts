import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFaultPlace, type FaultAgent, type FaultPlace } from '../../support/fault-place.ts';
import type { LedgerFigures } from '../../support/ledger.ts';
import { createDice, type Dice } from '../../support/seeded-dice.ts';
import { mountSmallDisk, type SmallDisk } from '../../support/small-disk.ts';
import { pickAgentStrike } from './agent-strikes.ts';
import { checkEverything } from './check-everything.ts';
import { createExcuses } from './excuses.ts';
import { pickHubStrike } from './hub-strikes.ts';
import { jobKinds } from './job-kinds.ts';
import { keepFound } from './keep-found.ts';
import { startLoad } from './load.ts';
import { createStrikes } from './strikes.ts';

export interface RandomFaultsOptions {
  readonly dice?: Dice;
  /** Whether another strike is to come, after so many. */
  readonly more: (struck: number) => boolean;
  /** Also strikes that take half a minute and more, on disks that can be filled. */
  readonly long: boolean;
  /** Between two jobs, at most. */
  readonly pauseMs?: number;
  /** Between two strikes at the same one, at most. */
  readonly betweenStrikesMs?: number;
  readonly say?: (line: string) => void;
  readonly createPlace?: typeof createFaultPlace;
}

export interface RandomFaultsFigures extends LedgerFigures {
  readonly strikes: Readonly<Record<string, number>>;
  /** Jobs that were called lost, and ended as they truly ended all the same. */
  readonly corrected: number;
}

const lostAfterSeconds = 20;

/**
 * A hub and three agents under load. Each of them is struck again and again, by a fault and in a moment that the dice choose, beside the
 * others. Then everything is whole again, and every job that was accepted must have its one true end, and nothing be left of it.
 */
export async function runRandomFaults(options: RandomFaultsOptions): Promise<RandomFaultsFigures> {
  const { dice = createDice(), pauseMs = 500, betweenStrikesMs = 2_000 } = options;
  const { say = () => {}, createPlace = createFaultPlace } = options;
  say(`FAULT_SEED=${dice.seed}`);
  try {
    return await run({ ...options, dice, pauseMs, betweenStrikesMs, say, createPlace });
  } catch (cause) {
    throw new Error(`with FAULT_SEED=${dice.seed}`, { cause });
  }
}

interface Disks extends AsyncDisposable {
  /** Null where none can be mounted. */
  mount(name: string, size: string): SmallDisk | null;
}

async function run(options: Required<RandomFaultsOptions>): Promise<RandomFaultsFigures> {
  const { dice, long, pauseMs, say, createPlace } = options;
  await using disks = await openDisks();
  const hubDisk = long ? disks.mount('hub', '1g') : null;
  await using place = await createPlace({
    FARHAND_LOST_AFTER_SECONDS: String(lostAfterSeconds),
    ...(hubDisk === null ? {} : { FARHAND_DATA: join(hubDisk.folder, 'data') }),
  });
  await place.hub.start();
  const agents = new Map<FaultAgent, SmallDisk | null>();
  for (const name of ['a1', 'a2', 'a3']) {
    const disk = long && name === 'a1' ? disks.mount(name, '64m') : null;
    const data = disk === null ? {} : { FARHAND_DATA: join(disk.folder, 'data') };
    agents.set(await place.addAgent(name, { FARHAND_SLOTS: '8', ...data }), disk);
  }
  await Promise.all([...agents.keys()].map((agent) => agent.start()));

  const excuses = createExcuses();
  const load = startLoad(place, { kinds: jobKinds, dice: createDice(dice.seed + 1), pauseMs, maxOpen: 150 });
  const strikes = createStrikes({ more: options.more, pauseMs: options.betweenStrikesMs, say });
  const hubScene = { place, excuses, dice: createDice(dice.seed + 2), disk: hubDisk };
  const strikers = [...agents].map(([agent, disk], index) => {
    const scene = { place, excuses, dice: createDice(dice.seed + 3 + index), agent, disk };
    return strikes.against(
      agent.name,
      scene,
      () => pickAgentStrike(scene, { long }),
      () => raise(agent),
    );
  });
  strikers.push(
    strikes.against(
      'hub',
      hubScene,
      () => pickHubStrike(hubScene, { long }),
      () => raiseHub(place),
    ),
  );
  try {
    await Promise.all(strikers);
  } finally {
    await load.stop();
  }
  say(`${strikes.count} strikes, ${load.accepted.size} jobs; now everything is whole`);
  const given = { accepted: load.accepted, excuses, agents: [...agents.keys()], say };
  const corrected = await checkEverything(place, given).catch(async (cause: unknown) => {
    throw new Error(`what was found is in ${await keepFound(place, [...agents.keys()])}`, { cause });
  });
  return { ...place.ledger.figures, strikes: strikes.counts, corrected };
}

function raise(agent: FaultAgent): void {
  if (!agent.isUp) agent.launch();
}

async function raiseHub({ hub }: FaultPlace): Promise<void> {
  if (!hub.isUp) await hub.start();
}

async function openDisks(): Promise<Disks> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-disks-'));
  const mounted: SmallDisk[] = [];
  return {
    mount(name, size) {
      const disk = mountSmallDisk(join(folder, name), size);
      if (disk !== null) mounted.push(disk);
      return disk;
    },
    async [Symbol.asyncDispose]() {
      for (const disk of mounted) disk[Symbol.dispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
