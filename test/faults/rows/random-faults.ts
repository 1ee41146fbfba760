import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../../../protocol/job.ts';
import { createFaultPlace, type FaultAgent, type FaultPlace } from '../../support/fault-place.ts';
import { isEnded } from '../../support/hub-api.ts';
import { createDice, type Dice } from '../../support/seeded-dice.ts';
import { until } from '../../support/until.ts';

/** A kind of job, and every end that is true of it, whatever died meanwhile. */
interface Kind {
  readonly request: (dice: Dice) => object;
  /** A cancel is asked for soon after it was accepted. */
  readonly cancelled?: true;
  readonly ends: readonly string[];
  /** What the log must be, where the job cannot write it down itself. */
  readonly log?: string;
}

const script = (run: string) => ({ automation: 'job', parameters: { run } });
const lines = (count: number) =>
  `i=0; while [ $i -lt ${count} ]; do say "line $i"; i=$((i+1)); [ $((i % 20)) = 0 ] && sleep 0.1 || :; done`;
const secret = 'correct-horse-battery-staple';

const kinds: readonly [Kind, ...Kind[]] = [
  { request: () => script('say hello'), ends: ['succeeded exit-code 0'] },
  { request: (dice) => script(lines(20 + dice.below(400))), ends: ['succeeded exit-code 0'] },
  {
    request: (dice) => script(`head -c ${dice.below(2_000_000)} /dev/urandom | tee -a "$said"`),
    ends: ['succeeded exit-code 0'],
  },
  { request: () => script('say "it is broken"; sleep 0.2; exit 7'), ends: ['failed exit-code 7'] },
  { request: () => ({ ...script('say up; sleep 60'), timeoutSeconds: 1 }), ends: ['timed-out timeout'] },
  {
    request: () => ({ ...script("trap '' TERM; say up; sleep 60; sleep 60"), timeoutSeconds: 1 }),
    ends: ['timed-out timeout'],
  },
  { request: () => script('say up; sleep 60'), cancelled: true, ends: ['cancelled cancelled'] },
  {
    request: (dice) => script(`say up; ${lines(dice.below(300))}`),
    cancelled: true,
    ends: ['cancelled cancelled', 'succeeded exit-code 0'],
  },
  {
    request: (dice) => ({
      ...script(
        `printf 'begin correct-horse'; sleep 0.${dice.below(10)}; printf -- '-battery'; sleep 0.${dice.below(10)}; echo -staple end`,
      ),
      secrets: { word: secret },
    }),
    ends: ['succeeded exit-code 0'],
    log: 'begin *** end\n',
  },
];

interface Fault {
  readonly name: string;
  strike(place: FaultPlace, agent: FaultAgent, dice: Dice): Promise<void>;
}

const faults: readonly [Fault, ...Fault[]] = [
  {
    name: 'agent killed',
    async strike(_, agent, dice) {
      await agent.kill();
      await delay(dice.below(800));
      agent.launch();
    },
  },
  {
    name: 'hub killed',
    async strike({ hub }, _, dice) {
      await hub.kill();
      await delay(dice.below(800));
      await hub.start();
    },
  },
  {
    name: 'both killed',
    async strike({ hub }, agent, dice) {
      await Promise.all([hub.kill(), agent.kill()]);
      await delay(dice.below(500));
      agent.launch();
      await hub.start();
    },
  },
  {
    name: 'agent left',
    async strike(_, agent, dice) {
      await agent.kill('SIGTERM');
      await delay(dice.below(300));
      agent.launch();
    },
  },
  {
    name: 'hub left',
    async strike({ hub }) {
      await hub.kill('SIGTERM');
      await hub.start();
    },
  },
  {
    name: 'agent stopped',
    async strike(_, agent, dice) {
      agent.pause();
      await delay(dice.below(1_500));
      agent.resume();
    },
  },
  {
    name: 'hub stopped',
    async strike({ hub }, _, dice) {
      hub.pause();
      await delay(dice.below(1_000));
      hub.resume();
    },
  },
  {
    name: 'line cut',
    strike: async (_, agent) => agent.line.cut(),
  },
  {
    name: 'line cut in a message',
    async strike(_, agent, dice) {
      agent.line.cutAfter(dice.pick(['up', 'down']), 1 + dice.below(20_000));
      await delay(dice.below(300));
    },
  },
  {
    name: 'line stalled',
    async strike(_, agent, dice) {
      using _held = agent.line.hold(dice.pick(['up', 'down']));
      await delay(dice.below(1_500));
    },
  },
  {
    name: 'line one-way',
    async strike(_, agent, dice) {
      agent.line.silence(dice.pick(['up', 'down']));
      await delay(dice.below(800));
      agent.line.cut();
    },
  },
  {
    name: 'line slow',
    async strike(_, agent, dice) {
      agent.line.slowTo(20_000 + dice.below(200_000));
      await delay(dice.below(1_500));
      agent.line.slowTo(null);
    },
  },
];

export interface RandomFaultsFigures {
  readonly jobs: number;
  readonly faults: number;
  readonly ends: Readonly<Record<string, number>>;
}

/**
 * A hub and three agents under load, and `count` faults one after another, each of a kind and in a moment that the dice choose. Then
 * everything is up again, and every job that was accepted must have its one true end.
 */
export async function runRandomFaults(count: number, dice = createDice()): Promise<RandomFaultsFigures> {
  try {
    return await run(count, dice);
  } catch (cause) {
    throw new Error(`with FAULT_SEED=${dice.seed}`, { cause });
  }
}

async function run(count: number, dice: Dice): Promise<RandomFaultsFigures> {
  await using place = await createFaultPlace();
  await place.hub.start();
  const agents: FaultAgent[] = [];
  for (const name of ['a1', 'a2', 'a3']) agents.push(await place.addAgent(name));
  await Promise.all(agents.map((agent) => agent.start()));

  const accepted = new Map<string, Kind>();
  const loading = { over: false };
  const load = submitUntilOver(place, createDice(dice.seed + 1), accepted, loading);
  try {
    for (let fault = 0; fault < count; fault += 1) {
      const [first, ...others] = agents as [FaultAgent, ...FaultAgent[]];
      await dice.pick(faults).strike(place, dice.pick([first, ...others]), dice);
      await delay(dice.below(500));
    }
  } finally {
    loading.over = true;
    await load;
  }

  const ends: Record<string, number> = {};
  for (const [id, kind] of accepted) {
    const job = await until(
      `job ${id} to end`,
      async () => {
        const seen = await place.api.job(id);
        return isEnded(seen) ? seen : null;
      },
      180_000,
    );
    const end = describeEnd(job);
    ends[end] = (ends[end] ?? 0) + 1;
    assert.ok(
      kind.ends.includes(end),
      `job ${id}: expected ${kind.ends.join(' or ')}, got ${end}: ${JSON.stringify(job)}`,
    );
    await place.ledger.check(job, place.api, kind.log);
  }
  for (const agent of agents) await until(`${agent.name} to hold nothing`, () => agent.attempts().length === 0);
  return { jobs: accepted.size, faults: count, ends };
}

function describeEnd({ state, cause, exitCode }: Job): string {
  return [state, cause, ...(cause === 'exit-code' ? [exitCode] : [])].join(' ');
}

/** Keeps the agents busy, a little more than they can take. */
async function submitUntilOver(
  { api }: FaultPlace,
  dice: Dice,
  accepted: Map<string, Kind>,
  loading: { readonly over: boolean },
): Promise<void> {
  const cancels: Promise<unknown>[] = [];
  while (!loading.over) {
    const kind = dice.pick(kinds);
    const { id } = await api.submit(kind.request(dice));
    accepted.set(id, kind);
    if (kind.cancelled === true) cancels.push(delay(dice.below(2_000)).then(() => api.cancel(id)));
    await delay(dice.below(500));
  }
  await Promise.all(cancels);
}
