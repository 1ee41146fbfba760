import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Execution } from '../../agent/executors/execution.ts';
import { readExit } from '../support/read-exit.ts';
import { atOnce, bounds, readText, waitForOutput } from './executor-fixture.ts';
import type { ExecutorPlace } from './executor-harness.ts';
import { useShell } from './shell-fixture.ts';
import type { ShellHarness } from './shell-harness.ts';

const nearlyForever = '600';

const hostileTexts = [
  '',
  ' ',
  `it's "quoted" \\ and \`ticked\``,
  '$(touch /tmp/pwned) ${HOME} $1 $$',
  'two\nlines\r\n\n',
  '-n',
  '--',
  '*',
  '~',
  'a=b',
  '💥 ünïcödé \u{1F468}\u200D\u{1F469}\u200D\u{1F467}',
  '\u0001\u0007\u001b[31m\u007f\u0080\u0081\u0088',
  `${'x'.repeat(100_000)}\n'`,
];

/** What every executor promises whose commands are real ones, in a place that has a shell. */
export function testShellExecutor(harness: ShellHarness): void {
  describe(`an executor with a shell (${harness.name})`, () => {
    const { fixture, toCommand, start, run } = useShell(harness);
    const { createPlace } = fixture;

    /** Starts a script that says `ready` when it is as far as the test wants it. */
    async function startUntilReady(place: ExecutorPlace, script: string): Promise<Execution> {
      const execution = await start(place, ['sh', '-c', script]);
      await waitForOutput(place, 'ready\n');
      return execution;
    }

    describe('says how a command ended', () => {
      for (const [signal, number] of [
        ['TERM', 15],
        ['KILL', 9],
        ['SEGV', 11],
      ] as const) {
        it(`by SIG${signal} of its own, as 128 + ${number}`, async () => {
          const place = await createPlace();

          await run(place, `ulimit -c 0; kill -${signal} $$`);

          assert.deepEqual(await readExit(fixture.executor, place.target), { status: 128 + number, marked: false });
        });
      }

      it('with a mark, when an intent was there by then', async () => {
        const place = await createPlace();
        const execution = await startUntilReady(place, `trap 'exit 7' TERM; echo ready; sleep ${nearlyForever} & wait`);

        await place.writeIntent();
        await execution.signal('SIGTERM');
        await execution.ended;

        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 7, marked: true });
        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
      });
    });

    describe('hands a command exactly what was given', () => {
      it('as arguments', async () => {
        const place = await createPlace();

        await run(place, `printf '%s\\0' "$@"`, ...hostileTexts);

        assert.equal(await readText(place), hostileTexts.map((text) => `${text}\0`).join(''));
      });

      it('as variables, and no others', async () => {
        const place = await createPlace();
        const given = Object.fromEntries(hostileTexts.map((text, index) => [`HOSTILE_${index}`, text]));
        const short = {
          path: 'p',
          status: 's',
          i: 'i',
          raw: 'r',
          _x: '',
          HOME: '/nowhere',
          ENV: '/nowhere',
          CDPATH: '/',
        };

        const started = await fixture.executor.start(place.target, toCommand(['env', '-0'], { ...given, ...short }));
        assert.equal(started.type, 'started');
        await started.execution.ended;

        const entries = (await readText(place)).split('\0').slice(0, -1);
        const seen = Object.fromEntries(
          entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
        );
        for (const name of harness.addedNames) delete seen[name];
        assert.deepEqual(seen, { ...harness.environment, ...given, ...short });
        await started.execution.clear(bounds);
      });

      it('as working directory, with an empty standard input', async () => {
        const place = await createPlace();

        await run(place, 'pwd -P; wc -c');

        assert.equal((await readText(place)).replaceAll(' ', ''), `${harness.workingDirectory}\n0\n`);
      });

      it('as files beside its folder, private and executable where asked for', async () => {
        const place = await createPlace();
        const files = [
          { name: 'parameters.json', content: '{"text":"💥"}\n', executable: false },
          {
            name: 'run me',
            content: '#!/bin/sh\ncat -- "$(dirname "$0")/parameters.json"\nls -l "$0" | cut -c1-10\n',
            executable: true,
          },
        ];
        const argv = [`${harness.jobFolder(place)}/run me`] as const;

        const started = await fixture.executor.start(place.target, { ...toCommand(argv), files });
        assert.equal(started.type, 'started');
        await started.execution.ended;

        assert.equal(await readText(place), '{"text":"💥"}\n-rwx------\n');
        await started.execution.clear(bounds);
      });
    });

    describe('keeps what a command writes', () => {
      it('from both streams, in the order of writing', async () => {
        const place = await createPlace();

        await run(place, 'for i in 1 2 3 4 5; do echo "out $i"; echo "error $i" >&2; done; printf end');

        const lines = [1, 2, 3, 4, 5].map((index) => `out ${index}\nerror ${index}\n`);
        assert.equal(await readText(place), `${lines.join('')}end`);
      });

      it('to the last of 20 MB', async () => {
        const place = await createPlace();
        const line = `${'0123456789abcdef'.repeat(64)}\n`;

        await run(place, 'yes "$1" | head -n 20000', line.slice(0, -1));

        assert.equal(toDigest(await place.readOutput()), toDigest(Buffer.from(line.repeat(20_000))));
      });

      it('when 24 run at once, each its own', async () => {
        const runs = await Promise.all(
          Array.from({ length: 24 }, async (_, index) => {
            const place = await createPlace();
            await run(place, 'echo "$1"; exit "$1"', String(index));
            return { output: await readText(place), exit: await readExit(fixture.executor, place.target) };
          }),
        );

        const expected = runs.map((_, index) => ({ output: `${index}\n`, exit: { status: index, marked: false } }));
        assert.deepEqual(runs, expected);
      });
    });

    describe('ends the log of a command at its limit', () => {
      const limitBytes = 10_240;

      async function runLimited(place: ExecutorPlace, script: string): Promise<Execution> {
        const command = toCommand(['sh', '-c', script]);
        const output = { file: 'raw', limitBytes } as const;
        const started = await fixture.executor.start(place.target, { ...command, output });
        assert.ok(started.type === 'started', started.type === 'failed' ? started.message : '');
        return started.execution;
      }

      async function findGaps(place: ExecutorPlace) {
        const { length: rawBytes } = await place.readOutput();
        return fixture.executor.findGaps(place.target, { rawBytes, limitBytes, ofOtherUser: false });
      }

      it('and counts to the byte what it dropped', async () => {
        const place = await createPlace();

        const script = 'head -c 10000 /dev/urandom; sleep 0.05; head -c 3000000 /dev/urandom >&2; exit 5';
        const execution = await runLimited(place, script);
        await execution.ended;

        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
        assert.equal((await place.readOutput()).length, limitBytes);
        assert.deepEqual(await findGaps(place), [{ at: limitBytes, bytes: 3_010_000 - limitBytes, why: 'log-limit' }]);
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 5, marked: false });
      });

      it('and marks the exit record when an intent was there by then', async () => {
        const place = await createPlace();
        const execution = await runLimited(
          place,
          `trap 'echo told; exit 7' TERM; echo ready; sleep ${nearlyForever} & wait`,
        );
        await waitForOutput(place, 'ready\n');

        await place.writeIntent();
        await execution.signal('SIGTERM');
        await execution.ended;

        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 7, marked: true });
        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
        assert.equal(await readText(place), 'ready\ntold\n');
        assert.deepEqual(await findGaps(place), []);
      });

      it('though a child of it keeps writing, which ends first', async () => {
        const place = await createPlace();
        const execution = await runLimited(place, `(trap '' TERM; while :; do echo tick; done) & sleep 0.05; exit 4`);

        await execution.ended;
        assert.deepEqual(await execution.clear({ graceMs: 50, boundMs: 20_000 }), { escaped: 0 });

        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 4, marked: false });
        assert.ok((await findGaps(place)).every(({ bytes }) => bytes !== null));
      });
    });

    describe('leaves nothing of a command', () => {
      it('that has ended, but left a child in the background that holds the output', async () => {
        const place = await createPlace();
        const execution = await start(place, ['sh', '-c', `sleep ${nearlyForever} & echo done; exit 4`]);

        await execution.ended;

        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 4, marked: false });
        assert.equal(await readText(place), 'done\n');
      });

      it('that ends by itself when it is told', async () => {
        const place = await createPlace();
        const execution = await startUntilReady(
          place,
          `trap 'echo bye; exit 0' TERM; echo ready; sleep ${nearlyForever} & wait`,
        );

        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });

        await execution.ended;
        assert.equal(await readText(place), 'ready\nbye\n');
      });

      it('and tells it once', async () => {
        const place = await createPlace();
        const script = `trap 'echo told; n=$((n + 1))' TERM; echo ready; while [ "\${n:-0}" -lt 1 ]; do sleep 0.05; done; sleep 0.3`;
        const execution = await startUntilReady(place, script);

        await execution.signal('SIGTERM');

        assert.deepEqual(await execution.clear(bounds), { escaped: 0 });
        assert.deepEqual((await readText(place)).match(/told/g), ['told']);
      });

      it('that ignores TERM, with a child that does', async () => {
        const place = await createPlace();
        const execution = await startUntilReady(
          place,
          `trap '' TERM; sh -c 'while :; do sleep 0.1; done' & echo ready; wait`,
        );

        assert.deepEqual(await execution.clear({ graceMs: 100, boundMs: 20_000 }), { escaped: 0 });

        await execution.ended;
        assert.equal(await readExit(fixture.executor, place.target), null);
      });

      it('that a signal reaches everywhere', async () => {
        const place = await createPlace();
        const execution = await startUntilReady(
          place,
          `sleep ${nearlyForever} & sleep ${nearlyForever} & echo ready; wait`,
        );

        await execution.signal('SIGTERM');

        await execution.ended;
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 143, marked: false });
        assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });
      });
    });

    describe('lets another agent adopt', () => {
      it('what runs: see its end, clear what is left, and read how it ended', async () => {
        const place = await createPlace();
        const earlier = harness.create();
        const started = await earlier.start(
          place.target,
          toCommand(['sh', '-c', `sleep ${nearlyForever} & echo ready; sleep 0.3; exit 5`]),
        );
        assert.equal(started.type, 'started');
        await waitForOutput(place, 'ready\n');
        await earlier[Symbol.asyncDispose]();

        const adopted = await fixture.executor.adopt(place.target);

        assert.ok(adopted !== null);
        assert.ok((await adopted.started) !== null);
        await adopted.ended;
        assert.deepEqual(await adopted.clear(bounds), { escaped: 0 });
        assert.deepEqual(await readExit(fixture.executor, place.target), { status: 5, marked: false });
      });
    });
  });
}

function toDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
