import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createLatestRunner } from '../../sync/latest-runner.ts';

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A runner of numbers that works until told to finish; a higher number is newer. */
function setUp(options: { readonly maxKeys?: number } = {}) {
  const begun: string[] = [];
  const failed: string[] = [];
  const finishers = new Map<string, (error?: Error) => void>();
  const runner = createLatestRunner<number>({
    maxKeys: options.maxKeys ?? 10,
    isNewer: (candidate, held) => candidate > held,
    onError: (key) => failed.push(key),
    run(key, value) {
      begun.push(`${key}${value}`);
      return new Promise((resolve, reject) => {
        finishers.set(key, (error) => (error === undefined ? resolve() : reject(error)));
      });
    },
  });
  const finish = async (key: string, error?: Error) => {
    finishers.get(key)?.(error);
    await settle();
  };
  return { runner, begun, failed, finish };
}

suite('the latest runner', () => {
  test('works on different keys in parallel, and on one key with the newest value that waits', async () => {
    const { runner, begun, finish } = setUp();

    assert.equal(runner.put('a', 1), 'taken');
    assert.equal(runner.put('b', 1), 'taken');
    assert.equal(runner.put('a', 2), 'taken');
    assert.equal(runner.put('a', 3), 'taken');
    assert.deepEqual(begun, ['a1', 'b1']);
    await finish('a');

    assert.deepEqual(begun, ['a1', 'b1', 'a3']);
    await finish('a');
    await finish('b');
    assert.equal(runner.isBusy('a'), false);
    assert.equal(runner.put('a', 1), 'taken');
    await finish('a');
  });

  test('leaves out what is not newer than what is at work or waits', async () => {
    const { runner, begun, finish } = setUp();

    runner.put('a', 2);
    assert.equal(runner.put('a', 2), 'superseded');
    runner.put('a', 4);
    assert.equal(runner.put('a', 3), 'superseded');
    await finish('a');
    await finish('a');

    assert.deepEqual(begun, ['a2', 'a4']);
  });

  test('goes on after a failure', async () => {
    const { runner, begun, failed, finish } = setUp();

    runner.put('a', 1);
    runner.put('a', 2);
    await finish('a', new Error('broken'));

    assert.deepEqual(failed, ['a']);
    assert.deepEqual(begun, ['a1', 'a2']);
    await finish('a');
  });

  test('holds no more keys than it may', async () => {
    const { runner, finish } = setUp({ maxKeys: 1 });

    runner.put('a', 1);
    assert.equal(runner.put('b', 1), 'full');
    assert.equal(runner.put('a', 2), 'taken');
    await finish('a');
    await finish('a');

    assert.equal(runner.put('b', 1), 'taken');
    await finish('b');
  });

  test('when disposed, waits for what is at work and drops what waits', async () => {
    const { runner, begun, finish } = setUp();

    runner.put('a', 1);
    runner.put('a', 2);
    const disposed = runner[Symbol.asyncDispose]();
    assert.equal(runner.put('b', 1), 'full');
    await finish('a');
    await disposed;

    assert.deepEqual(begun, ['a1']);
  });
});
