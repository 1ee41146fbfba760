import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConnectionRefusal } from '../../../hub/listeners/connection-refusal.ts';
import { RefusalLog } from '../../../hub/listeners/refusal-log.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

function createLog() {
  const clock = createVirtualClock();
  const counted: ConnectionRefusal[] = [];
  const said: object[] = [];
  const logger = { ...silentLogger, warn: (fields: object) => void said.push(fields) };
  const log = new RefusalLog({ count: (reason) => counted.push(reason), clock, logger });
  return { log, clock, counted, said };
}

describe('the log of refused connections', () => {
  it('says each address once a minute, and counts all', async () => {
    const { log, clock, counted, said } = createLog();

    for (const remote of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) log.refused('plaintext', remote);
    await clock.advance(60_000);
    log.refused('timeout', '192.0.2.1');

    assert.deepEqual(said, [
      { remote: '192.0.2.1', reason: 'plaintext' },
      { remote: '192.0.2.2', reason: 'plaintext' },
      { remote: '192.0.2.1', reason: 'timeout' },
    ]);
    assert.equal(counted.length, 4);
  });

  it('says no more than a thousand addresses a minute', () => {
    const { log, counted, said } = createLog();

    for (let host = 0; host < 1_500; host += 1) log.refused('handshake', `192.0.2.${host}`, 'detail');

    assert.equal(said.length, 1_000);
    assert.equal(counted.length, 1_500);
  });
});
