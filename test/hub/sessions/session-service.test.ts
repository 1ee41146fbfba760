import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SessionOptions } from '../../../hub/sessions/session-options.ts';
import { SessionService } from '../../../hub/sessions/session-service.ts';
import type { AgentFrame, HubFrame } from '../../../protocol/session-frame.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import type { CloseOptions, CloseReason } from '../../../transports/channel.ts';
import { createInbox } from '../../../transports/inbox.ts';
import { until } from '../../support/until.ts';

const attempt = '11111111-1111-4111-8111-111111111111';

/** The hub's end of a session that was accepted, and on which the agent has not said anything yet. */
function createQuietChannel() {
  const inbox = createInbox<AgentFrame>({ maxBytes: 1024, onFull: () => {}, onRoom: () => {} });
  const { promise: closed, resolve } = Promise.withResolvers<CloseReason>();
  const said: HubFrame[] = [];
  const farewells: CloseOptions[] = [];
  const close = async (options: CloseOptions = {}) => {
    farewells.push(options);
    inbox.end();
    resolve({ type: 'local' });
  };
  return {
    id: 'quiet',
    async send(frame: HubFrame) {
      said.push(frame);
    },
    inbox,
    said,
    farewells,
    closed,
    close,
    [Symbol.asyncDispose]: () => close(),
    [Symbol.asyncIterator]: () => inbox[Symbol.asyncIterator](),
  };
}

function createPlace({ isGone = () => false }: Partial<Pick<SessionOptions, 'isGone'>> = {}) {
  const clock = createVirtualClock();
  const heard: string[] = [];
  const ended: string[] = [];
  const service = new SessionService({
    isGone,
    whyHeld: () => null,
    heard: (agentId) => void heard.push(agentId),
    counts: { ended: (outcome) => void ended.push(outcome) },
    loops: createLoopBoard(clock),
    clock,
    logger: silentLogger,
  } as Partial<SessionOptions> as SessionOptions);
  const serve = (id: string) => {
    const channel = createQuietChannel();
    service.serve({ type: 'session', principal: { id, account: 'default', name: id }, remote: '', attempt, channel });
    return channel;
  };
  const { inbox, said, farewells } = serve('a1');
  return {
    serve,
    clock,
    inbox,
    said,
    farewells,
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
    assert.ok((place.farewells[0]?.retryAfterMs ?? 0) > 0);
  });

  it('is closed at once, without a word, when its agent was revoked since it was let in', async () => {
    await using place = createPlace({ isGone: () => true });

    await place.clock.settle();

    assert.equal(place.service.count(), 0);
    assert.deepEqual(place.said, []);
  });

  it('is cut with its agent, and no other with it', async () => {
    await using place = createPlace();
    const other = place.serve('a2');

    place.service.cut('a1');
    await place.clock.settle();

    assert.equal(place.farewells[0]?.reason, 'this agent was revoked');
    assert.deepEqual(other.farewells, []);
    assert.equal(place.service.count(), 1);
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
