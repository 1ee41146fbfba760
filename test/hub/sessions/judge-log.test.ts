import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeLog } from '../../../hub/sessions/judge-log.ts';
import type { AttemptResult, Gap } from '../../../protocol/attempt-result.ts';

const same = 'a'.repeat(64);
const other = 'b'.repeat(64);

function result(bytes: number, gaps: Gap[] = []): AttemptResult {
  return {
    outcome: 'succeeded',
    cause: 'exit-code',
    message: '',
    started: true,
    exitCode: 0,
    signal: null,
    outputs: null,
    log: { bytes, sha256: same, complete: gaps.length === 0, gaps, trailing: 0 },
    escaped: 0,
    startedAt: null,
    endedAt: '2026-01-01T00:00:00.000Z',
    usage: null,
  };
}

describe('what the hub makes of a log at its end', () => {
  it('stores a log of equal length and digest as complete', () => {
    assert.deepEqual(judgeLog(result(5), { bytes: 5, sha256: same }), {
      type: 'store',
      bytes: 5,
      sha256: same,
      complete: true,
      gaps: [],
    });
  });

  it('asks again for what is missing', () => {
    assert.deepEqual(judgeLog(result(5), { bytes: 3, sha256: other }), { type: 'rewind', offset: 3 });
  });

  it('records a digest that differs at equal length, and does not loop over it', () => {
    const judgement = judgeLog(result(5), { bytes: 5, sha256: other });

    assert.deepEqual(judgement, {
      type: 'store',
      bytes: 5,
      sha256: other,
      complete: false,
      gaps: [{ at: 0, bytes: null, why: 'hub-mismatch' }],
    });
  });

  it('keeps what it has when a power loss cut the log of the agent', () => {
    const gaps: Gap[] = [{ at: 3, bytes: null, why: 'power-loss' }];

    assert.deepEqual(judgeLog(result(3, gaps), { bytes: 5, sha256: other }), {
      type: 'store',
      bytes: 5,
      sha256: other,
      complete: false,
      gaps,
    });
  });

  it('takes what there is when the secrets are gone, as no more can come', () => {
    const gaps: Gap[] = [{ at: 3, bytes: null, why: 'secrets-gone' }];

    assert.equal(judgeLog(result(9, gaps), { bytes: 3, sha256: other }).type, 'store');
  });

  it('calls no log complete of which the agent itself misses something, also when both have the same of it', () => {
    for (const why of ['spool-full', 'log-limit', 'sink-died', 'power-loss', 'secrets-gone'] as const) {
      const gaps: Gap[] = [{ at: 5, bytes: null, why }];

      const judgement = judgeLog(result(5, gaps), { bytes: 5, sha256: same });

      assert.deepEqual(judgement, { type: 'store', bytes: 5, sha256: same, complete: false, gaps });
    }
  });

  it('asks again for what is missing beside a gap of another kind: the agent has it', () => {
    for (const why of ['spool-full', 'log-limit', 'sink-died'] as const) {
      const gaps: Gap[] = [{ at: 9, bytes: 100, why }];

      assert.deepEqual(judgeLog(result(9, gaps), { bytes: 3, sha256: other }), { type: 'rewind', offset: 3 });
    }
  });

  it('calls a log that is longer here than there not complete, though nobody can say why', () => {
    assert.deepEqual(judgeLog(result(3), { bytes: 5, sha256: same }), {
      type: 'store',
      bytes: 5,
      sha256: same,
      complete: false,
      gaps: [{ at: 0, bytes: null, why: 'hub-mismatch' }],
    });
  });
});
