import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readText } from './executor-fixture.ts';
import { useShell } from './shell-fixture.ts';
import type { ShellHarness } from './shell-harness.ts';

/** What is promised of processes of this machine alone. */
export function testProcessExecutor(harness: ShellHarness): void {
  describe(`an executor of processes (${harness.name})`, () => {
    const { fixture, toCommand, start, run } = useShell(harness);
    const { createPlace } = fixture;

    describe('refuses, before anything started, a command', () => {
      const refusals = {
        'that is not in the PATH': toCommand(['no-such-program']),
        'that is not there': toCommand(['/no/such/program']),
        'that needs another which is not there': {
          ...toCommand(['true']),
          needs: [
            { program: 'sh', remedy: 'buy one' },
            { program: 'no-such-program', remedy: 'install it' },
          ],
        },
        'that cannot be executed': toCommand(['/etc/passwd']),
        'that is a folder': toCommand(['/tmp']),
        'that a PATH without entries hides': toCommand(['sh'], { PATH: '/nowhere' }),
        'whose working directory is not there': { ...toCommand(['true']), workingDirectory: '/no/such/folder' },
        'whose working directory is a file': { ...toCommand(['true']), workingDirectory: '/etc/passwd' },
        'with a NUL in an argument': toCommand(['echo', 'a\0b']),
        'with a NUL in a variable': toCommand(['true'], { A: 'a\0b' }),
        'with a variable that no shell passes on': toCommand(['true'], { 'a.b': 'c' }),
        'with an argument longer than systems take': toCommand(['echo', 'x'.repeat(5_000_000)]),
      };
      for (const [what, command] of Object.entries(refusals)) {
        it(what, async () => {
          const place = await createPlace();

          const started = await fixture.executor.start(place.target, command);

          assert.ok(started.type === 'failed');
          assert.equal(started.fault, 'command');
          assert.match(started.message, /^Expected /);
          if (what === 'that is not in the PATH') assert.match(started.message, /found none: install it/);
          assert.deepEqual(await fixture.executor.inspect(place.target), { type: 'none' });
          assert.equal(await fixture.executor.takeFence(place.target), true);
        });
      }
    });

    it('says of a limited log whose sink left no record that nobody can count it', async () => {
      const place = await createPlace();

      await run(place, 'echo plain');

      const { length } = await place.readOutput();
      const plain = { rawBytes: length, limitBytes: null, ofOtherUser: false };
      assert.deepEqual(await fixture.executor.findGaps(place.target, plain), []);
      assert.deepEqual(await fixture.executor.findGaps(place.target, { ...plain, limitBytes: 10_240 }), [
        { at: length, bytes: null, why: 'sink-died' },
      ]);
    });

    it('lets one of two win, when 40 starts race with the fence', async () => {
      const races = Array.from({ length: 40 }, async (_, index) => {
        const place = await createPlace();
        const starting = start(place, ['sh', '-c', 'echo ran']);
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
}
