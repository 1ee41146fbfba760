import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SessionOptions } from '../../../hub/sessions/session-options.ts';
import { SessionService } from '../../../hub/sessions/session-service.ts';
import type { AgentFrame, HubFrame } from '../../../protocol/session-frame.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import type { CloseReason } from '../../../transports/channel.ts';
import { createInbox } from '../../../transports/inbox.ts';
import { until } from '../../support/until.ts';

const attempt = '11111111-1111-4111-8111-111111111111';

/** The hub's end of a session that was accepted, and on which the agent has not said anything yet. */
function createPlace() {
  const clock = createVirtualClock();
  const inbox = createInbox<AgentFrame>({ maxBytes: 1024, onFull: () => {}, onRoom: () => {} });
  const { promise: closed, resolve } = Promise.withResolvers<CloseReason>();
  const said: HubFrame[] = [];
  const heard: string[] = [];
  const ended: string[] = [];
  const close = async () => {
    inbox.end();
    resolve({ type: 'local' });
  };
  const channel = {
    id: 'quiet',
    async send(frame: HubFrame) {
      said.push(frame);
    },
    closed,
    close,
    [Symbol.asyncDispose]: close,
    [Symbol.asyncIterator]: () => inbox[Symbol.asyncIterator](),
  };
  const service = new SessionService({
    isGone: () => false,
    whyHeld: () => null,
    heard: (agentId) => void heard.push(agentId),
    counts: { ended: (outcome) => void ended.push(outcome) },
    loops: createLoopBoard(clock),
    clock,
    logger: silentLogger,
  } as Partial<SessionOptions> as SessionOptions);
  const serve = (id: string) =>
    service.serve({ type: 'session', principal: { id, account: 'default', name: id }, remote: '', attempt, channel });
  serve('a1');
  return {
    serve,
    clock,
    inbox,
    said,
    heard,
    ended,
    service,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

describe('a session on which nothing is opened', () => {
  it('is closed after a while, with a word on what was expected', async () => {
    await using place = createPlace();

    await place.clock.advance(9_999);
    assert.equal(place.service.count(), 1);
    await place.clock.advance(1);

    assert.deepEqual(
      place.said.map((frame) => frame.type === 'error' && frame.code),
      ['invalid-frame'],
    );
    assert.equal(place.service.count(), 0);
    assert.deepEqual(place.ended, ['invalid-frame']);
  });

  it('says all the same that its agent was there until then', async () => {
    await using place = createPlace();
    assert.deepEqual(place.heard, []);

    place.inbox.end();
    await place.clock.settle();

    assert.deepEqual(place.heard, ['a1']);
  });

  it('ends when the hub stops', async () => {
    await using place = createPlace();

    await place.service[Symbol.asyncDispose]();

    assert.equal(place.service.count(), 0);
    assert.equal(place.clock.pending, 0);
  });
});

describe('sessions on which nothing is opened', () => {
  it('leave no room for more of the same agent when there are many, until they are closed', async () => {
    await using place = createPlace();
    for (let each = 1; each < 512; each += 1) place.serve('a1');

    const room = { mine: place.service.hasRoom('a1'), other: place.service.hasRoom('a2') };
    await place.clock.advance(10_000);
    await until('the sessions to be closed', () => place.service.count() === 0);

    assert.deepEqual(room, { mine: false, other: true });
    assert.equal(place.service.hasRoom('a1'), true);
  });
});
