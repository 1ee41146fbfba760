import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLazyChildLogger } from '../../runtime/lazy-child-logger.ts';
import type { Logger } from '../../runtime/logger.ts';

/** Writes down each line with all that its logger is bound to. */
function createRecorder(lines: unknown[], bindings: object = {}): Logger {
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, ...bindings, ...fields, message });
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (more) => createRecorder(lines, { ...bindings, ...more }),
  };
}

describe('a child logger that is made for each line', () => {
  it('says what a child would, on every level', () => {
    const lines: unknown[] = [];
    const logger = createLazyChildLogger(createRecorder(lines, { scope: 'control' }), { agent: 'a1' });

    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({ epoch: 1 }, 'said');
    logger.child({ attempt: 'x' }).info({}, 'said');

    const common = { scope: 'control', agent: 'a1', message: 'said' };
    assert.deepEqual(lines, [
      ...['debug', 'info', 'warn', 'error'].map((level) => ({ level, ...common, epoch: 1 })),
      { level: 'info', ...common, attempt: 'x' },
    ]);
  });
});
