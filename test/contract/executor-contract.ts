import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Execution } from '../../agent/executors/execution.ts';
import { readExit } from '../support/read-exit.ts';
import { atOnce, bounds, readText, useExecutor, waitForOutput } from './executor-fixture.ts';
import type { ExecutorHarness, ExecutorPlace, TestProgram } from './executor-harness.ts';

const nearlyForever = 600;

/** What every executor promises, whatever it runs commands on, and whether there is a command at all. */
export function testExecutor(harness: ExecutorHarness): void {
  describe(`an executor (${harness.name})`, () => {
    const fixture = useExecutor(harness);
    const { createPlace, startCommand } = fixture;

    function start(place: ExecutorPlace, program: TestProgram): Promise<Execution> {
      return startCommand(place, harness.toCommand(program, place));
    }

    function run(place: ExecutorPlace, program: TestProgram): Promise<void> {
      return fixture.runCommand(place, harness.toCommand(program, place));
    }

    /** Until it has printed `ready`, after which it does not end by itself. */
    async function startUntilReady(place: ExecutorPlace, program: TestProgram = {}): Promise<Execution> {
      const execution = await start(place, { ...program, print: 'ready\n', seconds: nearlyForever });
      await waitForOutput(place, 'ready\n');
      return execution;
    }

    describe('says how a command ended', () => {
      for (const status of [0, 1, 3, 126, 127, 255]) {
        it(`with status ${status}`, async () => {
          const place = await createPlace();

          await run(place, { status });

          assert.deepEqual(await readExit(fixture.executor, place.target), { status, marked: false });
        });
      }

      it('with nothing, while it runs', async () => {
        const place = await createPlace();

        const execution = await startUntilReady(place);

        assert.equal(await fixture.executor.readEnd(place.target), null);
        assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });
      });

      it('with a mark, when an intent was there by then', async () => {
        const place = await createPlace();
        const execution = await startUntilReady(place);

        await place.writeIntent();
        await execution.signal('SIGTERM');
        await execution.ended;

        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 143, marked: true });
        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
      });

      it('and when, and says the same to whoever asks later', async () => {
        const place = await createPlace();
        const before = Math.floor(Date.now()) - 1_000;
        await run(place, { status: 4 });
        const end = await fixture.executor.readEnd(place.target);

        await place.writeIntent();

        await using later = harness.create();
        assert.deepEqual(await later.readEnd(place.target), end);
        assert.ok(end !== null && (end.at === null || (end.at >= before && end.at <= Date.now() + 1_000)));
      });

      for (const { what, toCommand, end } of harness.platformEnds) {
        it(`by its platform: ${what}`, async () => {
          const place = await createPlace();

          const execution = await startCommand(place, toCommand(place));
          await execution.ended;
          assert.deepEqual(await execution.clear(bounds), { escaped: 0 });

          const said = await fixture.executor.readEnd(place.target);
          assert.ok(said?.type === 'platform', JSON.stringify(said));
          const { cause, started, retrySafe, message, marked } = said;
          assert.deepEqual({ cause, started, retrySafe, marked }, { ...end, marked: false });
          assert.notEqual(message, '');
          assert.equal((await execution.started) === null, started === false);
          await using later = harness.create();
          assert.deepEqual(await later.readEnd(place.target), said);
        });
      }
    });

    describe('keeps what a command writes', () => {
      it('to the last byte, by the time at which it has ended', async () => {
        const place = await createPlace();
        const print = 'first\nsecond 💥\n';

        const execution = await start(place, { print, bytes: 3_000_000 });
        await execution.ended;

        const output = await place.readOutput();
        assert.equal(output.length, Buffer.byteLength(print) + 3_000_000);
        assert.ok(output.toString().startsWith(print));
        const { length: rawBytes } = output;
        const facts = { rawBytes, limitBytes: null, ofOtherUser: false };
        assert.deepEqual(await fixture.executor.findGaps(place.target, facts), []);
        await execution.clear(bounds);
      });

      it('when 12 run at once, each its own', async () => {
        const runs = await Promise.all(
          Array.from({ length: 12 }, async (_, index) => {
            const place = await createPlace();
            await run(place, { print: `${index}\n`, status: index });
            return { output: await readText(place), exit: await readExit(fixture.executor, place.target) };
          }),
        );

        const expected = runs.map((_, index) => ({ output: `${index}\n`, exit: { status: index, marked: false } }));
        assert.deepEqual(runs, expected);
      });

      it('and what it leaves as outputs', async () => {
        const place = await createPlace();

        const execution = await start(place, { outputs: { version: '1.2', count: 3 } });
        await execution.ended;

        const outputs = await readFile(join(place.target.folder, 'outputs'), 'utf8');
        assert.deepEqual(JSON.parse(outputs), { version: '1.2', count: 3 });
        await execution.clear(bounds);
      });

      it('and nothing of its secrets', async () => {
        const place = await createPlace();
        const secret = 'correct horse battery staple';
        const command = harness.toCommand({ print: 'ready\n', seconds: nearlyForever }, place);
        const environment = { ...command.environment, FARHAND_SECRET_WORD: secret };

        const execution = await startCommand(place, { ...command, environment });
        await waitForOutput(place, 'ready\n');

        const during = await findHolders(place, secret);
        await execution.clear(bounds);
        await execution.ended;
        assert.deepEqual([...during, ...(await findHolders(place, secret))], []);
      });
    });

    describe('ends the log of a command at its limit', {
      skip: !harness.create().kind.capabilities.limitsOutput,
    }, () => {
      const limitBytes = 10_240;

      async function runLimited(place: ExecutorPlace, program: TestProgram): Promise<void> {
        const output = { file: 'raw', limitBytes } as const;
        const execution = await startCommand(place, { ...harness.toCommand(program, place), output });
        await execution.ended;
        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
      }

      async function findGaps(place: ExecutorPlace) {
        const { length: rawBytes } = await place.readOutput();
        return fixture.executor.findGaps(place.target, { rawBytes, limitBytes, ofOtherUser: false });
      }

      it('and counts to the byte what it dropped', async () => {
        const place = await createPlace();

        await runLimited(place, { bytes: 1_000_000, status: 5 });

        assert.equal((await place.readOutput()).length, limitBytes);
        assert.deepEqual(await findGaps(place), [{ at: limitBytes, bytes: 1_000_000 - limitBytes, why: 'log-limit' }]);
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 5, marked: false });
      });

      it('and not before', async () => {
        const place = await createPlace();

        await runLimited(place, { print: 'short' });

        assert.equal(await readText(place), 'short');
        assert.deepEqual(await findGaps(place), []);
      });
    });

    describe('refuses, before anything started, a command', () => {
      for (const [what, { command, fault }] of Object.entries(harness.refusals)) {
        it(what, async () => {
          const place = await createPlace();

          const started = await fixture.executor.start(place.target, command);

          assert.ok(started.type === 'failed');
          assert.equal(started.fault, fault);
          assert.notEqual(started.message, '');
          assert.deepEqual(await fixture.executor.inspect(place.target), { type: 'none' });
          assert.equal(await fixture.executor.readEnd(place.target), null);
          assert.equal(await fixture.executor.takeFence(place.target), true);
        });
      }
    });

    describe('lets a command start at most once', () => {
      it('and tells when it did', async () => {
        const place = await createPlace();
        const before = Math.floor(Date.now()) - 1_000;

        const execution = await startUntilReady(place);

        const started = await execution.started;
        assert.ok(started !== null && started.at >= before && started.at <= Date.now() + 1_000);
        const fence = await fixture.executor.inspect(place.target);
        assert.ok(fence.type === 'started' && fence.alive);
        assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });
        await execution.ended;
        assert.deepEqual(await fixture.executor.inspect(place.target), { ...fence, alive: false });
      });

      it('when the same folder is started again, during the first run or after it', async () => {
        const place = await createPlace();
        const first = await startUntilReady(place);

        const second = await start(place, { print: 'twice' });
        await second.ended;

        assert.equal(await second.started, null);
        await first.clear(bounds);
        await first.ended;
        const end = await fixture.executor.readEnd(place.target);
        const third = await start(place, { print: 'twice' });
        await third.ended;
        assert.equal(await third.started, null);
        assert.equal(await readText(place), 'ready\n');
        assert.notEqual(end, null);
        assert.deepEqual(await fixture.executor.readEnd(place.target), end);
      });

      it('and never after the fence was taken', async () => {
        const place = await createPlace();

        assert.equal(await fixture.executor.takeFence(place.target), true);

        const execution = await start(place, { print: 'never' });
        await execution.ended;
        assert.equal(await execution.started, null);
        assert.deepEqual(await fixture.executor.inspect(place.target), { type: 'recovered' });
        assert.equal(await fixture.executor.adopt(place.target), null);
        assert.equal(await fixture.executor.readEnd(place.target), null);
        assert.equal(await readText(place), '');
      });

      it('and not when an intent was there before it', async () => {
        const place = await createPlace();
        await place.writeIntent();

        const execution = await start(place, { print: 'never' });
        await execution.ended;

        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
        assert.equal((await fixture.executor.readEnd(place.target))?.marked, true);
        assert.equal(await readText(place), '');
      });

      it('so the fence cannot be taken once it has started, and twice by us is once', async () => {
        const ran = await createPlace();
        const taken = await createPlace();

        await run(ran, {});

        assert.equal(await fixture.executor.takeFence(ran.target), false);
        assert.equal(await fixture.executor.takeFence(taken.target), true);
        await using other = harness.create();
        assert.equal(await other.takeFence(taken.target), true);
      });

      it('so one of two wins, when 12 starts race with the fence', async () => {
        const races = Array.from({ length: 12 }, async (_, index) => {
          const place = await createPlace();
          const starting = start(place, { print: 'ran\n' });
          await delay(index / 4);
          const taken = await fixture.executor.takeFence(place.target);
          const execution = await starting;
          await execution.ended;
          return { taken, ran: (await readText(place)) === 'ran\n', said: (await execution.started) !== null };
        });

        for (const { taken, ran, said } of await Promise.all(races))
          assert.deepEqual({ ran, said }, { ran: !taken, said: !taken });
      });
    });

    describe('leaves nothing of a command', () => {
      it('that ends when it is told', async () => {
        const place = await createPlace();
        const execution = await startUntilReady(place);

        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });

        await execution.ended;
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 143, marked: false });
      });

      it('that ignores TERM', async () => {
        const place = await createPlace();
        const execution = await startUntilReady(place, { ignoresTerm: true });

        await execution.signal('SIGTERM');
        assert.deepEqual(await execution.clear({ graceMs: 100, boundMs: 20_000 }), { escaped: 0 });

        await execution.ended;
        const exit = await readExit(fixture.executor, place.target);
        assert.equal(exit?.status ?? 137, 137);
        assert.equal(await fixture.executor.adopt(place.target), null);
      });

      it('nor minds to be asked again', async () => {
        const place = await createPlace();

        const execution = await start(place, {});
        await execution.ended;

        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
        await execution.signal('SIGKILL');
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 0, marked: false });
      });

      it('outside its folder, however often it is asked, also of one that was never started', async () => {
        const untouched = await createPlace();
        const ended = await createPlace();
        await run(ended, {});

        for (const { target } of [untouched, ended, untouched, ended]) await fixture.executor.release(target);
      });
    });

    describe('lets another agent adopt', () => {
      /** By an agent that is gone afterwards. */
      async function startEarlier(place: ExecutorPlace, program: TestProgram): Promise<void> {
        await using earlier = harness.create();
        const started = await earlier.start(place.target, harness.toCommand(program, place));
        assert.equal(started.type, 'started');
        await waitForOutput(place, program.print ?? '');
      }

      it('what runs: see its end, and read how it ended', async () => {
        const place = await createPlace();
        await startEarlier(place, { print: 'ready\n', seconds: 0.5, status: 5 });

        const adopted = await fixture.executor.adopt(place.target);

        assert.ok((await adopted?.started) !== null);
        await adopted?.ended;
        assert.deepEqual(await adopted?.clear(bounds), { escaped: 0 });
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 5, marked: false });
        assert.equal(await readText(place), 'ready\n');
      });

      it('and says nothing more of what it lets go of: whoever waits must not take that for an end', async () => {
        const place = await createPlace();
        const earlier = harness.create();
        const started = await earlier.start(
          place.target,
          harness.toCommand({ print: 'ready\n', seconds: nearlyForever }, place),
        );
        assert.ok(started.type === 'started');
        await waitForOutput(place, 'ready\n');
        const adopted = await earlier.adopt(place.target);
        let ends = 0;
        for (const execution of [started.execution, adopted]) void execution?.ended.then(() => (ends += 1));

        await earlier[Symbol.asyncDispose]();
        await delay(20);

        assert.equal(ends, 0);
        assert.equal(await fixture.executor.readEnd(place.target), null);
      });

      it('what runs on, and stop it', async () => {
        const place = await createPlace();
        await startEarlier(place, { print: 'ready\n', seconds: nearlyForever });

        const adopted = await fixture.executor.adopt(place.target);
        await place.writeIntent();

        assert.deepEqual(await adopted?.clear(bounds), { escaped: 0 });
        await adopted?.ended;
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 143, marked: true });
      });

      it('what ended while no agent was there, with all of its output', async () => {
        const place = await createPlace();
        await startEarlier(place, { print: 'ready\n', bytes: 100_000, seconds: 0.2, status: 6 });
        await delay(400);

        await eventuallyOver(place);

        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 6, marked: false });
        assert.equal((await place.readOutput()).length, 100_006);
      });

      it('nothing, when nothing started or all has ended', async () => {
        const untouched = await createPlace();
        const ended = await createPlace();

        await run(ended, {});

        assert.equal(await fixture.executor.adopt(untouched.target), null);
        assert.equal(await fixture.executor.adopt(ended.target), null);
        assert.equal(await fixture.executor.readEnd(untouched.target), null);
      });

      /** As recovery does it: what may be alive is watched to its end. */
      async function eventuallyOver(place: ExecutorPlace): Promise<void> {
        const fence = await fixture.executor.inspect(place.target);
        assert.equal(fence.type, 'started');
        const adopted = await fixture.executor.adopt(place.target);
        await adopted?.ended;
        await adopted?.clear(bounds);
      }
    });
  });
}

/** Names of files in the attempt's folder that hold the text. */
async function findHolders({ target }: ExecutorPlace, text: string): Promise<readonly string[]> {
  const entries = await readdir(target.folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const contents = await Promise.all(files.map((name) => readFile(join(target.folder, name), 'utf8')));
  return files.filter((_, index) => contents[index]?.includes(text) === true);
}
