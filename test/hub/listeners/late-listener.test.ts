import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { createLateListener } from '../../../hub/listeners/late-listener.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import type { Accepted } from '../../../transports/listener.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { until } from '../../support/turns.ts';

checkLeaks();

/** Takes connections and yields nothing until it is disposed. */
function createSilentListener(taken: Socket[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    name: 'silent',
    take: (socket: Socket) => void taken.push(socket),
    [Symbol.asyncIterator]: (): AsyncIterator<Accepted<string>> => ({
      async next() {
        await promise;
        return { value: undefined, done: true };
      },
    }),
    async [Symbol.asyncDispose]() {
      for (const socket of taken) socket.destroy();
      resolve();
    },
  };
}

async function serve(listener: AsyncIterable<unknown>): Promise<void> {
  for await (const _accepted of listener) assert.fail('expected nothing to be accepted');
}

async function startLate(open: (opens: number) => void) {
  const taken: Socket[] = [];
  let opens = 0;
  const late = createLateListener<string>({
    async open() {
      opens += 1;
      open(opens);
      return createSilentListener(taken);
    },
    serve,
    logger: silentLogger,
  });
  const server = createServer((socket) => late.take(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    late,
    taken,
    get opens() {
      return opens;
    },
    dial() {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      return new Promise<void>((resolve) => socket.once('close', () => resolve()));
    },
    async [Symbol.asyncDispose]() {
      await late[Symbol.asyncDispose]();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a listener that is made when somebody dials it', () => {
  it('is made once, for the first connection', async () => {
    await using place = await startLate(() => {});
    assert.equal(place.opens, 0);

    const gone = [place.dial(), place.dial()];
    await until(() => place.taken.length === 2, 'both to be taken');

    assert.equal(place.opens, 1);
    await place.late[Symbol.asyncDispose]();
    await Promise.all(gone);
  });

  it('cuts the connection for which it could not be made, and is tried again for the next', async () => {
    await using place = await startLate((opens) => {
      if (opens === 1) throw new Error('the file is gone');
    });

    await place.dial();
    const gone = place.dial();
    await until(() => place.taken.length === 1, 'the second to be taken');

    assert.equal(place.opens, 2);
    await place.late[Symbol.asyncDispose]();
    await gone;
  });

  it('is not made any more when disposed', async () => {
    await using place = await startLate(() => {});
    await place.late[Symbol.asyncDispose]();

    await place.dial();

    assert.deepEqual([place.opens, place.taken.length], [0, 0]);
  });
});
