import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runFixture } from './run-fixture.ts';

describe('the summary reporter', () => {
  it('ends with the plain counts, and says of a good file no more than a line', () => {
    const { status, output } = runFixture('passing.ts');

    assert.match(output, /^✓ fixtures\/passing\.ts \(1 of 1, \d+ ms\)\n\n1 passed, 0 failed\n$/);
    assert.equal(status, 0);
  });

  it('shows where and how a test failed and what its file printed', () => {
    const { status, output } = runFixture('mixed.ts', 'passing.ts');

    assert.match(output, /✗ fails \(fixtures\/mixed\.ts:\d+\)\n {4}AssertionError/);
    assert.match(output, /it printed:\n {4}what the test printed/);
    assert.match(output, /fixtures\/mixed\.ts \(.*, 1 skipped: for a reason\)\n/);
    assert.match(output, /\nfailed, once more:\n✗ fails \(fixtures\/mixed\.ts:\d+\)\n {4}AssertionError/);
    assert.match(output, /\n2 passed, 1 failed, 1 skipped\n$/);
    assert.equal(status, 1);
  });

  it('counts a file that crashes while it loads', () => {
    const { status, output } = runFixture('crashing.ts');

    assert.match(output, /crashed while loading/);
    assert.match(output, /\n0 passed, 1 failed\n$/);
    assert.equal(status, 1);
  });

  it('calls a file failed that ended before its tests did', () => {
    const { status, output } = runFixture('exiting.ts', 'passing.ts');

    assert.match(output, /✗ fixtures\/exiting\.ts: expected at least one test/);
    assert.match(output, /\n1 passed, 1 failed\n$/);
    assert.equal(status, 1);
  });
});
