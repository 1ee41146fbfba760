import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Arrivals } from '../../../hub/control/arrivals.ts';
import { ControlService } from '../../../hub/control/control-service.ts';
import type { CloudEvent } from '../../../protocol/cloud-event.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createSyncCounters } from '../../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../../sync/sync-options.ts';
import type { CloseReason } from '../../../transports/channel.ts';
import { createInbox } from '../../../transports/inbox.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench, type SchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

/** A control channel whose other end says what the test says: nothing. */
function createQuietChannel() {
  const inbox = createInbox<CloudEvent>({ maxBytes: 1024, onFull: () => {}, onRoom: () => {} });
  const { promise: closed, resolve } = Promise.withResolvers<CloseReason>();
  const close = async () => {
    inbox.end();
    resolve({ type: 'local' });
  };
  return {
    id: 'quiet',
    send: async () => {},
    closed,
    close,
    [Symbol.asyncDispose]: close,
    [Symbol.asyncIterator]: () => inbox[Symbol.asyncIterator](),
  };
}

function createService({ store, fleet, clock }: SchedulerBench): ControlService {
  return new ControlService({
    store,
    fleet,
    clock,
    random: systemRandom,
    logger: silentLogger,
    counters: createSyncCounters(),
    sync: defaultSyncOptions,
    owner: 'test',
    version: '0.0.0',
    onGreeted: async () => null,
    onDeclined: () => {},
    onResynced: () => {},
    loops: createLoopBoard(clock),
    arrivals: new Arrivals({ clock, random: systemRandom }),
  });
}

describe('a control channel', () => {
  it('is closed, and its agent not taken for online, when no hello comes', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    await using service = createService(bench);
    const channel = createQuietChannel();
    service.accept({ type: 'control', principal: { id, account: 'default', name: 'a1' }, remote: '', channel });
    await bench.settle();
    const before = bench.fleet.get(id)?.leaseEpoch;

    await bench.clock.advance(10_000);
    await bench.settle();

    assert.equal(before, 2);
    assert.equal(bench.fleet.get(id)?.leaseEpoch, null);
    assert.deepEqual(await channel.closed, { type: 'local' });
  });
});
