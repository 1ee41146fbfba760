import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSendGate } from '../../transports/send-gate.ts';
import { TransportError } from '../../transports/transport-error.ts';
import { turn, watch } from '../support/turns.ts';

describe('send gate', () => {
  it('is open up to the high mark, then shut until the low mark', async () => {
    const gate = createSendGate({ sendHighBytes: 100, sendLowBytes: 50 });

    await gate.pass(100);
    const waiting = gate.pass(101);
    const watched = watch(waiting);
    gate.drained(51);
    await turn();
    assert.equal(watched.settled, false);
    gate.drained(50);

    await waiting;
    await gate.pass(100);
  });

  it('makes those who come later wait too, though there is room for them', async () => {
    const gate = createSendGate({ sendHighBytes: 100, sendLowBytes: 50 });
    const first = gate.pass(101);
    const second = gate.pass(60);
    const watched = watch(second);
    await turn();

    assert.equal(watched.settled, false);

    gate.drained(0);
    await Promise.all([first, second]);
  });

  it('rejects those who wait when it fails', async () => {
    const gate = createSendGate({ sendHighBytes: 100, sendLowBytes: 50 });
    const waiting = [gate.pass(101), gate.pass(101)];

    gate.fail(() => new TransportError('closed', 'gone'));

    for (const one of waiting) await assert.rejects(one, { code: 'closed' });
  });
});
