import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Automation } from '../../../agent/automations/automation.ts';
import type { Catalog, CatalogSnapshot } from '../../../agent/automations/catalog.ts';
import { builtInKinds } from '../../../agent/automations/kinds/kinds.ts';
import type { ProbeCommand, ProbeOutcome, ProbeRunner } from '../../../agent/probes/probe-runner.ts';
import { createProbes, type Probes } from '../../../agent/probes/probes.ts';
import type { FactsReport } from '../../../protocol/facts.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import type { Random } from '../../../runtime/random.ts';
import { createVirtualClock, type VirtualClock } from '../../../runtime/virtual-clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { turn } from '../../support/turns.ts';
import { createTestRandom } from '../../sync/world.ts';
import { readAutomation } from '../automations/sample.ts';

checkLeaks();

interface Run {
  readonly name: string;
  readonly command: ProbeCommand;
  readonly atMs: number;
  readonly signal: AbortSignal;
  end(outcome: ProbeOutcome): void;
}

/** Probes over a runner that the test drives: each run waits until the test ends it, or its signal does. */
interface Bench extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly runs: readonly Run[];
  readonly probes: Probes;
  readonly published: string[];
  /** How often something was said of problems. */
  changes: number;
  /** Added to the wall clock. */
  wallShiftMs: number;
  /** What a run answers at once; null leaves it to the test. */
  answer: ((name: string, count: number) => ProbeOutcome) | null;
  leave(): Promise<void>;
  setAutomations(...automations: readonly Automation[]): void;
  report(name: string): Promise<FactsReport | null>;
  starts(name?: string): readonly number[];
  advance(ms: number): Promise<void>;
}

function printed(facts: unknown): ProbeOutcome {
  return { type: 'printed', output: Buffer.from(JSON.stringify(facts)) };
}

function probe(name: string, keys = ''): Automation {
  return readAutomation(`kind: probe\nrun: ["true"]\nintervalSeconds: 60\njitterSeconds: 0\n${keys}`, `${name}.yaml`);
}

/** Chance that always falls out the same. */
function always(fraction: number): Random {
  return { ...createTestRandom(), fraction: () => fraction };
}

async function createBench(automations: readonly Automation[], random = always(0)): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-probes-'));
  const clock = createVirtualClock();
  const runs: Run[] = [];
  const counts = new Map<string, number>();
  const leaving = new AbortController();
  const listeners = new Set<(snapshot: CatalogSnapshot) => void>();
  const toSnapshot = (list: readonly Automation[]): CatalogSnapshot => ({
    automations: new Map(list.map((automation) => [automation.name, automation])),
    mistakes: [],
  });
  const catalog: Catalog & { current: CatalogSnapshot } = {
    kinds: builtInKinds,
    holdsMistakes: false,
    current: toSnapshot(automations),
    reload: async () => catalog.current,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const runner: ProbeRunner = {
    run: (command, { signal }) =>
      new Promise((resolve) => {
        const name = command.mark.split(':').at(-1) ?? '';
        const count = (counts.get(name) ?? 0) + 1;
        counts.set(name, count);
        runs.push({ name, command, signal, atMs: clock.monotonic(), end: resolve });
        if (bench.answer !== null) resolve(bench.answer(name, count));
      }),
  };
  const bench: Bench = {
    clock,
    runs,
    published: [],
    changes: 0,
    wallShiftMs: 0,
    answer: null,
    probes: createProbes({
      loops: createLoopBoard(clock),
      agent: { id: 'id-1', name: 'a1', labels: { site: 'ams' } },
      folder,
      environment: { PATH: '/usr/bin:/bin', TOKEN: 'very-secret-token', OTHER: 'x' },
      fileSystem: systemFileSystem,
      catalog,
      runner,
      clock: {
        now: () => clock.now() + bench.wallShiftMs,
        monotonic: () => clock.monotonic(),
        schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      },
      random,
      logger: silentLogger,
      publish: (name) => bench.published.push(name),
      changed: () => {
        bench.changes += 1;
      },
    }),
    setAutomations(...list) {
      catalog.current = toSnapshot(list);
      for (const listener of listeners) listener(catalog.current);
    },
    report: (name) => bench.probes.statuses.get(name),
    starts: (name) => runs.filter((run) => name === undefined || run.name === name).map(({ atMs }) => atMs),
    async advance(ms) {
      await settle();
      await clock.advance(ms);
      await settle();
    },
    async leave() {
      leaving.abort();
      await running;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      for (const run of runs) run.end({ type: 'left' });
      await running;
      await rm(folder, { recursive: true });
    },
  };
  const running = bench.probes.run(leaving.signal);
  await bench.advance(0);
  return bench;

  /** Folders and files of this test's probes are made meanwhile. */
  async function settle(): Promise<void> {
    for (let turns = 0; turns < 20; turns += 1) await turn();
  }
}

describe('probes run', () => {
  test('soon after the start, then an interval from begin to begin', async () => {
    await using bench = await createBench([probe('host')]);
    bench.answer = () => printed({ a: 1 });

    bench.runs[0]?.end(printed({ a: 1 }));
    await bench.advance(179_000);

    assert.deepEqual(bench.starts(), [0, 60_000, 120_000]);
  });

  test('spread by chance: within three seconds at first, within the jitter then', async () => {
    const other = readAutomation('kind: probe\nrun: ["true"]\nintervalSeconds: 60\njitterSeconds: 20\n', 'other.yaml');
    await using bench = await createBench([other], always(0.5));
    bench.answer = () => printed({});

    await bench.advance(150_000);

    assert.deepEqual(bench.starts(), [1_500, 71_500, 141_500]);
  });

  test('never twice at once: what takes longer than its interval is followed by one run, not by those it missed', async () => {
    await using bench = await createBench([probe('slow')]);

    await bench.advance(200_000);
    const whileRunning = bench.starts().length;
    bench.runs[0]?.end(printed({}));
    await bench.advance(5_000);

    assert.equal(whileRunning, 1);
    assert.deepEqual(bench.starts(), [0, 201_000]);
  });

  test('beside each other: one that hangs keeps no other from running', async () => {
    await using bench = await createBench([probe('hung'), probe('well')]);

    bench.runs.find(({ name }) => name === 'well')?.end(printed({ well: true }));
    await bench.advance(60_000);

    assert.deepEqual(bench.starts('well'), [0, 60_000]);
    assert.deepEqual(bench.starts('hung'), [0]);
    assert.deepEqual((await bench.report('well'))?.facts, { well: true });
  });

  for (const [way, shiftMs] of [
    ['backwards', -30 * 86_400_000],
    ['forwards', 30 * 86_400_000],
  ] as const) {
    test(`as if nothing happened when the wall clock jumps ${way}`, async () => {
      await using bench = await createBench([probe('host')]);
      bench.answer = (_, count) => printed({ count });
      bench.runs[0]?.end(printed({ count: 1 }));
      await bench.advance(1_000);

      bench.wallShiftMs = shiftMs;
      await bench.advance(120_000);

      assert.deepEqual(bench.starts(), [0, 60_000, 120_000]);
      const { collectedAt } = (await bench.report('host')) ?? {};
      assert.equal(collectedAt, new Date(Date.UTC(2026, 0, 1) + 120_000 + shiftMs).toISOString());
    });
  }

  test('no more once the agent leaves, which ends those at work and waits for them', async () => {
    await using bench = await createBench([probe('hung')]);
    const [run] = bench.runs;
    let left = false;

    const leaving = bench.leave().then(() => {
      left = true;
    });
    await bench.advance(0);
    const before = [run?.signal.aborted, left];
    run?.end({ type: 'left' });
    await leaving;
    await bench.advance(600_000);

    assert.deepEqual(before, [true, false]);
    assert.equal(bench.runs.length, 1);
    assert.deepEqual(bench.published, []);
    assert.equal(bench.clock.pending, 0);
  });

  test('with what their files say, and of the agent its variables that they ask for', async () => {
    const keys =
      'inherit: [TOKEN]\nenvironment: {WHERE: "${agent.name} ${agent.labels.site}"}\ntimeoutSeconds: 7\ngraceSeconds: 1\n';
    await using bench = await createBench([probe('host', keys)]);

    const command = bench.runs[0]?.command;

    assert.deepEqual(command?.environment, { PATH: '/usr/bin:/bin', TOKEN: 'very-secret-token', WHERE: 'a1 ams' });
    assert.deepEqual([command?.mark, command?.timeoutMs, command?.graceMs], ['probe:id-1:host', 7_000, 1_000]);
    assert.match(command?.workingDirectory ?? '', /\/host$/);
  });
});

describe('a catalog that changes', () => {
  test('starts what is new at once, ends what is gone, and leaves the others alone', async () => {
    await using bench = await createBench([probe('stays'), probe('goes')]);
    bench.answer = (name) => printed({ name });
    for (const run of bench.runs) run.end(printed({ name: run.name }));
    await bench.advance(10_000);

    bench.setAutomations(probe('stays'), probe('comes'));
    await bench.advance(110_000);

    assert.deepEqual(bench.starts('stays'), [0, 60_000, 120_000]);
    assert.deepEqual(bench.starts('goes'), [0]);
    assert.deepEqual(bench.starts('comes'), [10_000, 70_000]);
    const told = await bench.probes.statuses.list();
    assert.deepEqual(told.map(({ id }) => id).toSorted(), ['comes', 'stays']);
  });

  test('has a changed probe run anew once the run of the old one has ended, with its facts kept until then', async () => {
    await using bench = await createBench([probe('host')]);
    bench.runs[0]?.end(printed({ version: 1 }));
    await bench.advance(60_000);

    bench.setAutomations(probe('host', 'description: "another"\n'));
    await bench.advance(1_000);
    const beside = bench.runs.length;
    const kept = await bench.report('host');
    bench.runs[1]?.end(printed({ version: 'of the old one, which nobody asks for any more' }));
    await bench.advance(0);
    bench.runs[2]?.end(printed({ version: 2 }));
    await bench.advance(0);

    assert.deepEqual([beside, bench.runs[1]?.signal.aborted], [2, true]);
    assert.deepEqual(kept?.facts, { version: 1 });
    const after = await bench.report('host');
    assert.deepEqual(after?.facts, { version: 2 });
    assert.notEqual(after?.digest, kept?.digest);
  });

  test('may give a probe back while its last run still ends', async () => {
    await using bench = await createBench([probe('host')]);

    bench.setAutomations();
    bench.setAutomations(probe('host'));
    await bench.advance(1_000);
    const beside = bench.runs.length;
    bench.runs[0]?.end({ type: 'left' });
    await bench.advance(0);

    assert.deepEqual([beside, bench.runs.length], [1, 2]);
  });

  test('forgets the problem of a probe that is gone', async () => {
    await using bench = await createBench([probe('bad')]);
    bench.runs[0]?.end({ type: 'failed', message: 'it ended with exit status 1' });
    await bench.advance(0);
    const problems = bench.probes.problems();

    bench.setAutomations();
    await bench.advance(0);

    assert.deepEqual(problems, ['probe bad: it ended with exit status 1']);
    assert.deepEqual(bench.probes.problems(), []);
    assert.equal(bench.changes, 2);
  });
});

describe('what the hub is told', () => {
  test('is a change at once; volatile values and times alone only now and then', async () => {
    await using bench = await createBench([probe('host', 'volatile: ["/uptime"]\n')]);
    bench.answer = (_, count) => printed({ os: count < 5 ? 'a' : 'b', uptime: count });
    bench.runs[0]?.end(printed({ os: 'a', uptime: 1 }));

    await bench.advance(200_000);
    const quiet = bench.published.length;
    const told = await bench.report('host');
    await bench.advance(60_000);
    const changed = bench.published.length;
    await bench.advance(540_000);
    const stillQuiet = bench.published.length;
    await bench.advance(120_000);

    assert.deepEqual([quiet, changed, stillQuiet, bench.published.length], [1, 2, 2, 3]);
    assert.deepEqual(told?.facts, { os: 'a', uptime: 1 });
    assert.deepEqual((await bench.report('host'))?.facts, { os: 'b', uptime: 15 });
  });

  test('is the same for as long as it is not told anew, so that a comparison finds nothing to send', async () => {
    await using bench = await createBench([probe('host', 'volatile: ["/uptime"]\n')]);
    bench.answer = (_, count) => printed({ uptime: count });
    bench.runs[0]?.end(printed({ uptime: 1 }));
    await bench.advance(0);
    const first = await bench.probes.statuses.list();

    await bench.advance(120_000);

    assert.deepEqual(await bench.probes.statuses.list(), first);
  });

  test('is a problem with its time, beside the last good facts with theirs', async () => {
    await using bench = await createBench([probe('host')]);
    const outcomes: ProbeOutcome[] = [
      printed({ a: 1 }),
      { type: 'failed', message: 'it ended with exit status 1: the token very-secret-token is refused' },
      { type: 'printed', output: Buffer.from('{"a": NaN}') },
      printed({ a: 1 }),
    ];
    bench.answer = (_, count) => outcomes[count - 1] ?? assert.fail('expected no further run');
    bench.runs[0]?.end(printed({ a: 1 }));

    await bench.advance(60_000);
    const failed = await bench.report('host');
    await bench.advance(60_000);
    const notJson = await bench.report('host');
    await bench.advance(60_000);
    const mended = await bench.report('host');

    const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
    assert.deepEqual([failed?.facts, failed?.collectedAt, failed?.error?.at], [{ a: 1 }, at(0), at(60_000)]);
    assert.match(notJson?.error?.message ?? '', /expected one JSON object in UTF-8 on standard output, got .*NaN/);
    assert.deepEqual([mended?.error, mended?.collectedAt], [null, at(180_000)]);
    assert.equal(bench.published.length, 4);
    assert.deepEqual(bench.probes.problems(), []);
  });

  test('never holds what a probe inherited', async () => {
    await using bench = await createBench([probe('host', 'inherit: [TOKEN, MISSING]\n')]);

    bench.runs[0]?.end({ type: 'failed', message: 'the token very-secret-token is refused' });
    await bench.advance(0);

    assert.equal((await bench.report('host'))?.error?.message, 'the token *** is refused');
  });

  test('is that facts do not fit the schema of the probe', async () => {
    const schema = 'outputs: {type: object, required: [n], properties: {n: {type: integer}, d: {default: 5}}}\n';
    await using bench = await createBench([probe('host', schema)]);
    bench.answer = () => printed({ n: 1 });

    bench.runs[0]?.end(printed({ n: 'one' }));
    await bench.advance(0);
    const wrong = await bench.report('host');
    await bench.advance(60_000);

    assert.match(wrong?.error?.message ?? '', /^the facts do not fit "outputs": \/n /);
    assert.equal(wrong?.facts, null);
    assert.deepEqual((await bench.report('host'))?.facts, { n: 1, d: 5 });
  });

  test('is that a probe could not even be prepared', async () => {
    await using bench = await createBench([probe('host', 'environment: {RACK: "${agent.labels.rack}"}\n')]);

    await bench.advance(0);

    assert.equal(bench.runs.length, 0);
    assert.match(bench.probes.problems()[0] ?? '', /^probe host: the automation needs \$\{agent\.labels\.rack\}/);
  });
});
