import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { type AgentFrame, type HubFrame, type LogFrame, maxLogFrameBytes } from '../../protocol/session-frame.ts';
import type { Channel, CloseReason } from '../../transports/channel.ts';
import type { ControlChannel } from '../../transports/control-transport.ts';
import type { Admission, Authenticate, Credential } from '../../transports/credential.ts';
import type { ChannelLimits } from '../../transports/limits.ts';
import type { Accepted } from '../../transports/listener.ts';
import type { AgentSessionChannel, HubSessionChannel } from '../../transports/session-transport.ts';
import { TransportError, type TransportErrorCode } from '../../transports/transport-error.ts';
import { turn, until, untilStill, watch } from '../support/turns.ts';
import type { Direction, RunningTransport, StartOptions, TransportHarness } from './transport-harness.ts';

const limits: ChannelLimits = {
  pingMs: 10_000,
  silenceMs: 30_000,
  maxMessageBytes: 1024 * 1024,
  inboxBytes: 1024 * 1024,
  sendHighBytes: 1024 * 1024,
  sendLowBytes: 256 * 1024,
  closeMs: 5_000,
  dialMs: 15_000,
};

const attempt = '0198c5f2-7d3a-7cc1-9a51-3f0f5be0a001';
const forever = new AbortController().signal;
const both: readonly Direction[] = ['up', 'down'];

const credential: Credential = { present: () => Promise.resolve('agent-1') };

/** Lets everybody in under the name that was presented. */
const admitAll: Authenticate<string> = ({ presented }) =>
  Promise.resolve({ type: 'admitted', principal: presented ?? 'nobody' });

function event(id: number | string, data: CloudEvent['data'] = null): CloudEvent {
  return {
    specversion: '1.0',
    id: String(id),
    source: 'contract',
    type: 'io.farhand.v1.jobs.status.update_request',
    data,
  };
}

function attemptId(index: number): string {
  return `0198c5f2-7d3a-7cc1-9a51-${String(index).padStart(12, '0')}`;
}

/** Both ends of a control channel; `sender` and `receiver` are seen from one direction. */
interface Pair {
  readonly agent: ControlChannel;
  readonly hub: ControlChannel;
  from(direction: Direction): { readonly sender: ControlChannel; readonly receiver: ControlChannel };
}

async function nextAccepted(running: RunningTransport): Promise<Accepted<string>> {
  const next = await running.listener[Symbol.asyncIterator]().next();
  assert.ok(next.done !== true, 'expected the listener to yield a channel');
  return next.value;
}

async function openControl(running: RunningTransport): Promise<Pair> {
  const agent = await running.control.connect(credential, { signal: forever });
  const accepted = await nextAccepted(running);
  assert.equal(accepted.type, 'control');
  const hub = accepted.channel;
  const from = (direction: Direction) =>
    direction === 'up' ? { sender: agent, receiver: hub } : { sender: hub, receiver: agent };
  return { agent, hub, from };
}

async function openSession(
  running: RunningTransport,
  id = attempt,
): Promise<{ readonly agent: AgentSessionChannel; readonly hub: HubSessionChannel }> {
  const agent = await running.session.openSession({ attempt: id, credential }, { signal: forever });
  const accepted = await nextAccepted(running);
  assert.equal(accepted.type, 'session');
  assert.equal(accepted.attempt, id);
  return { agent, hub: accepted.channel };
}

async function closeAll(...channels: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(channels.map((channel) => channel.close()));
}

async function readAll<T>(channel: Channel<T, never>): Promise<T[]> {
  const messages: T[] = [];
  for await (const message of channel) messages.push(message);
  return messages;
}

async function read<T>(channel: AsyncIterable<T>, count: number): Promise<T[]> {
  const reader = channel[Symbol.asyncIterator]();
  const messages: T[] = [];
  while (messages.length < count) {
    const next = await reader.next();
    assert.ok(next.done !== true, `expected ${count} messages, got ${messages.length} and the end`);
    messages.push(next.value);
  }
  return messages;
}

function assertFailure(reason: CloseReason, code: TransportErrorCode): void {
  assert.equal(reason.type, 'failure');
  assert.equal(reason.error.code, code, reason.error.message);
}

function rejectsWith(code: TransportErrorCode): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof TransportError, `expected a TransportError, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  };
}

/** Lets the clock run until `promise` settles. */
async function advanceUntilSettled<T>(running: RunningTransport, promise: Promise<T>, stepMs: number): Promise<T> {
  const watched = watch(promise);
  for (let step = 0; step < 20 && !watched.settled; step += 1) {
    await running.clock.advance(stepMs);
    await untilStill(() => Number(watched.settled));
  }
  assert.ok(watched.settled, 'expected the clock to bring an end');
  return await promise;
}

/** What every transport promises, whatever wire it uses. */
export function describeTransportContract(harness: TransportHarness): void {
  const start = (options: Partial<StartOptions> = {}): Promise<RunningTransport> =>
    harness.start({ agentLimits: limits, hubLimits: limits, authenticate: admitAll, ...options });

  describe(`${harness.name}: messages`, () => {
    it('carries events both ways, in order and as they were', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);
      const up = Array.from({ length: 100 }, (_, index) =>
        event(index, { text: `"€ 🦥 \\ \n ${index}`, deep: [[{}]] }),
      );
      const down = Array.from({ length: 100 }, (_, index) => event(`down-${index}`, index));

      for (const message of up) await agent.send(message);
      for (const message of down) await hub.send(message);

      assert.deepEqual(await read(hub, 100), up);
      assert.deepEqual(await read(agent, 100), down);
      await closeAll(agent, hub);
    });

    it('keeps the order of calls that nobody waited for', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);

      const sent = Array.from({ length: 1000 }, (_, index) => agent.send(event(index, 'x'.repeat(5_000))));
      const received = await read(hub, 1000);
      await Promise.all(sent);

      assert.deepEqual(
        received.map(({ id }) => Number(id)),
        Array.from({ length: 1000 }, (_, index) => index),
      );
      await closeAll(agent, hub);
    });

    it('carries ten thousand messages each way at once', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);
      const count = 10_000;
      const sendAll = async (channel: ControlChannel) => {
        for (let index = 0; index < count; index += 1) await channel.send(event(index));
      };

      const [atHub, atAgent] = await Promise.all([read(hub, count), read(agent, count), sendAll(agent), sendAll(hub)]);

      for (const received of [atHub, atAgent]) {
        assert.ok(
          received.every(({ id }, index) => id === String(index)),
          'expected all of them in order',
        );
      }
      await closeAll(agent, hub);
    });

    it('goes on behind the last message when a loop was left early', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);
      for (const id of [1, 2, 3]) await agent.send(event(id));

      for await (const message of hub) if (message.id === '1') break;

      assert.deepEqual(
        (await read(hub, 2)).map(({ id }) => id),
        ['2', '3'],
      );
      await closeAll(agent, hub);
    });

    it('carries every frame of a session', async () => {
      await using running = await start();
      const { agent, hub } = await openSession(running);
      const up: AgentFrame[] = [
        {
          type: 'open',
          attempt,
          leaseEpoch: 3,
          opens: 1,
          folderId: attempt,
          have: 'claimed',
          rawBytes: 0,
          needsDocument: true,
          needsSecrets: true,
        },
        { type: 'progress', percent: 12.5, message: 'ünder way', outputs: { partial: true } },
      ];
      const down: HubFrame[] = [
        {
          type: 'job',
          offset: 0,
          desired: 'run',
          document: {
            job: attempt,
            attempt,
            number: 1,
            account: 'main',
            automation: 'hello',
            digest: null,
            parameters: { text: `$(quote) "'\n🦥` },
            secretNames: ['PASSWORD'],
            timeoutSeconds: null,
            traceparent: null,
            tracestate: null,
          },
          secrets: { PASSWORD: 'päss\0word' },
          secretsGone: false,
          store: null,
        },
        { type: 'ack', offset: 2 ** 40 },
        { type: 'rewind', offset: 0 },
        { type: 'error', code: 'overloaded', message: 'later', retryAfterMs: 100 },
        { type: 'accepted' },
      ];

      for (const frame of up) await agent.send(frame);
      for (const frame of down) await hub.send(frame);

      assert.deepEqual(await read(hub, up.length), up);
      assert.deepEqual(await read(agent, down.length), down);
      await closeAll(agent, hub);
    });

    it('carries log frames to the byte, also empty and largest ones', async () => {
      await using running = await start();
      const { agent, hub } = await openSession(running);
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const frames: LogFrame[] = [
        { type: 'log', offset: 0, at: 0, bytes: new Uint8Array(0) },
        { type: 'log', offset: 2 ** 32 + 5, at: 1_767_225_600_000.25, bytes: all },
        { type: 'log', offset: Number.MAX_SAFE_INTEGER, at: 1, bytes: new Uint8Array(maxLogFrameBytes).fill(0xa5) },
      ];

      for (const frame of frames) await agent.send(frame);

      const received = await read(hub, frames.length);
      assert.deepEqual(
        received.map((frame) => frame.type === 'log' && { ...frame, bytes: Uint8Array.from(frame.bytes) }),
        frames,
      );
      await closeAll(agent, hub);
    });

    it('lets the sender use its buffer again at once', async () => {
      await using running = await start();
      const { agent, hub } = await openSession(running);
      const bytes = new Uint8Array(1000).fill(1);

      await agent.send({ type: 'log', offset: 0, at: 0, bytes });
      bytes.fill(2);

      const [frame] = await read(hub, 1);
      assert.ok(frame?.type === 'log' && frame.bytes.every((byte) => byte === 1));
      await closeAll(agent, hub);
    });

    it('carries many sessions beside one control channel', async () => {
      await using running = await start();
      const control = await openControl(running);
      const sessions = [];
      for (let index = 0; index < 50; index += 1) sessions.push(await openSession(running, attemptId(index)));

      await Promise.all(
        sessions.map(async ({ agent }, index) => {
          for (let offset = 0; offset < 20; offset += 1) {
            await agent.send({ type: 'log', offset, at: index, bytes: new Uint8Array(1000).fill(index) });
          }
        }),
      );
      await control.agent.send(event('beside'));

      assert.equal((await read(control.hub, 1))[0]?.id, 'beside');
      for (const [index, { hub }] of sessions.entries()) {
        const frames = await read(hub, 20);
        assert.ok(frames.every((frame) => frame.type === 'log' && frame.at === index && frame.bytes[0] === index));
      }
      await closeAll(control.agent, ...sessions.map(({ agent }) => agent));
    });
  });

  describe(`${harness.name}: closing`, () => {
    for (const direction of both) {
      it(`tells the other side the reason and when to come back (${direction})`, async () => {
        await using running = await start();
        const { sender, receiver } = (await openControl(running)).from(direction);
        const reason = `${'why '.repeat(24)}now!`;

        await sender.close({ reason, retryAfterMs: 1_500 });

        assert.deepEqual(await sender.closed, { type: 'local' });
        assert.deepEqual(await receiver.closed, { type: 'remote', reason, retryAfterMs: 1_500 });
      });

      it(`delivers what was sent before an orderly end (${direction})`, async () => {
        await using running = await start();
        const { sender, receiver } = (await openControl(running)).from(direction);

        for (let index = 0; index < 500; index += 1) await sender.send(event(index));
        await sender.close();

        assert.deepEqual(await receiver.closed, { type: 'remote', reason: '', retryAfterMs: null });
        assert.deepEqual(
          (await readAll(receiver)).map(({ id }) => Number(id)),
          Array.from({ length: 500 }, (_, i) => i),
        );
      });

      it(`ends iteration and refuses to send when closed (${direction})`, async () => {
        await using running = await start();
        const { sender, receiver } = (await openControl(running)).from(direction);
        const reading = readAll(receiver);

        await sender.close();

        assert.deepEqual(await reading, []);
        assert.deepEqual(await readAll(sender), []);
        await assert.rejects(sender.send(event(1)), rejectsWith('closed'));
        await assert.rejects(receiver.send(event(1)), rejectsWith('closed'));
      });
    }

    it('is local for both when both close at once', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);

      await Promise.all([agent.close({ reason: 'mine' }), hub.close({ reason: 'yours' })]);

      assert.deepEqual(await agent.closed, { type: 'local' });
      assert.deepEqual(await hub.closed, { type: 'local' });
    });

    it('may be asked for again and again', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);

      await Promise.all([agent.close(), agent[Symbol.asyncDispose](), agent.close()]);
      await agent[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();

      assert.deepEqual(await agent.closed, { type: 'local' });
      assert.deepEqual(await hub.closed, { type: 'remote', reason: '', retryAfterMs: null });
    });

    it('takes only so long when the other side does not answer', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);
      running.silence('up');

      const closing = agent.close();
      await running.clock.advance(limits.closeMs);
      await closing;

      assert.deepEqual(await agent.closed, { type: 'local' });
      await hub.close({ signal: AbortSignal.abort() });
    });

    it('is cut short by its signal', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);
      running.silence('up');
      const patience = new AbortController();

      const patient = agent.close();
      const impatient = agent.close({ signal: patience.signal });
      patience.abort();
      await Promise.all([patient, impatient]);

      assert.deepEqual(await agent.closed, { type: 'local' });
      await hub.close({ signal: AbortSignal.abort() });
    });
  });

  describe(`${harness.name}: failures of the line`, () => {
    for (const direction of both) {
      it(`is broken when the line is cut in the middle of a message (${direction})`, async () => {
        await using running = await start();
        const { sender, receiver } = (await openControl(running)).from(direction);
        await sender.send(event('whole'));
        assert.equal((await read(receiver, 1))[0]?.id, 'whole');

        running.cutAfter(direction, 5_000);
        await sender.send(event('half', 'x'.repeat(20_000)));

        assertFailure(await receiver.closed, 'broken');
        assertFailure(await sender.closed, 'broken');
        assert.deepEqual(await readAll(receiver), []);
        await assert.rejects(sender.send(event(1)), rejectsWith('closed'));
      });

      it(`notices a silent other side (${direction})`, async () => {
        await using running = await start();
        const { sender, receiver } = (await openControl(running)).from(direction);
        running.silence(direction);

        const reason = await advanceUntilSettled(running, receiver.closed, limits.pingMs / 2);

        assertFailure(reason, 'silent');
        assert.ok(running.clock.monotonic() <= limits.silenceMs);
        assert.deepEqual(await readAll(receiver), []);
        await sender.close({ signal: AbortSignal.abort() });
      });
    }

    for (const kind of ['control', 'session'] as const) {
      it(`lets both ends of a ${kind} channel notice in time that nothing crosses any more`, async () => {
        await using running = await start();
        const { agent, hub } = await (kind === 'control' ? openControl(running) : openSession(running));
        for (const direction of both) running.silence(direction);

        const [up, down] = await advanceUntilSettled(
          running,
          Promise.all([agent.closed, hub.closed]),
          limits.pingMs / 2,
        );

        for (const reason of [up, down]) assertFailure(reason, 'silent');
        assert.ok(running.clock.monotonic() <= limits.silenceMs);
      });
    }

    it('stays open as long as pings cross, though nobody says anything', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);
      await running.exchanged();

      // An end that heard something pings in the next tick but one.
      for (let step = 0; step < 6; step += 1) {
        await running.clock.advance(limits.pingMs);
        await turn();
        await running.clock.advance(limits.pingMs);
        await running.exchanged();
        await turn();
      }

      await agent.send(event('still here'));
      assert.equal((await read(hub, 1))[0]?.id, 'still here');
      await closeAll(agent, hub);
    });

    it('does not take a reader that reads nothing for a silent one', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);
      let sent = 0;
      const sending = (async () => {
        for (; sent < 100; sent += 1) await agent.send(event(sent, 'x'.repeat(900_000)));
      })();
      await untilStill(() => sent);
      await running.exchanged();

      for (let step = 0; step < 6; step += 1) {
        await running.clock.advance(limits.pingMs);
        await untilStill(() => sent);
      }

      assert.equal((await read(hub, 100)).length, 100);
      await sending;
      await closeAll(agent, hub);
    });

    it('rejects sends that wait when the line breaks', async () => {
      await using running = await start();
      const { agent, hub } = await openControl(running);
      let sent = 0;
      const sending = (async () => {
        for (;;) {
          await agent.send(event(sent, 'x'.repeat(900_000)));
          sent += 1;
        }
      })();
      await untilStill(() => sent);

      await hub.close({ signal: AbortSignal.abort() });

      await assert.rejects(sending, rejectsWith('closed'));
      assert.equal((await agent.closed).type === 'local', false);
    });
  });

  describe(`${harness.name}: bounds`, () => {
    it('holds a bounded number of bytes for a reader that reads nothing', async () => {
      await using running = await start();
      const { agent, hub } = await openSession(running);
      const bytes = new Uint8Array(maxLogFrameBytes);
      const total = 128;
      let taken = 0;
      const sending = (async () => {
        for (let index = 0; index < total; index += 1) {
          await agent.send({ type: 'log', offset: index * bytes.length, at: 0, bytes });
          taken += bytes.length;
        }
      })();

      await untilStill(() => taken);
      const bound = limits.inboxBytes + limits.sendHighBytes + 3 * (maxLogFrameBytes + 100) + harness.wireBytes;
      assert.ok(taken <= bound, `expected at most ${bound} bytes to be taken, got ${taken}`);

      const frames = await read(hub, total);
      await sending;
      assert.ok(frames.every((frame, index) => frame.type === 'log' && frame.offset === index * bytes.length));
      await closeAll(agent, hub);
    });

    for (const direction of both) {
      it(`refuses to send a message over the limit, and goes on (${direction})`, async () => {
        await using running = await start();
        const { sender, receiver } = (await openControl(running)).from(direction);

        await assert.rejects(sender.send(event(1, 'x'.repeat(limits.maxMessageBytes))), rejectsWith('too-large'));
        await assert.rejects(sender.send(event(1, '€'.repeat(limits.maxMessageBytes / 3))), rejectsWith('too-large'));
        await sender.send(event('after'));

        assert.equal((await read(receiver, 1))[0]?.id, 'after');
        await closeAll(sender, receiver);
      });

      it(`ends when a message over the limit comes in (${direction})`, async () => {
        const small = { ...limits, maxMessageBytes: 10_000 };
        await using running = await start(direction === 'up' ? { hubLimits: small } : { agentLimits: small });
        const { sender, receiver } = (await openControl(running)).from(direction);

        await sender.send(event('before'));
        await sender.send(event('large', 'x'.repeat(20_000)));

        assertFailure(await receiver.closed, 'too-large');
        assertFailure(await sender.closed, 'too-large');
        assert.deepEqual(
          (await readAll(receiver)).map(({ id }) => id),
          ['before'],
        );
      });
    }

    it('refuses to send more log in one frame than the protocol allows', async () => {
      await using running = await start();
      const { agent, hub } = await openSession(running);
      const bytes = new Uint8Array(maxLogFrameBytes + 1);

      await assert.rejects(agent.send({ type: 'log', offset: 0, at: 0, bytes }), rejectsWith('too-large'));

      await closeAll(agent, hub);
    });
  });

  describe(`${harness.name}: garbage`, () => {
    const texts = {
      'no JSON': '{"specversion":',
      'JSON of another shape': '{"specversion":"0.3"}',
      'an empty message': '',
    };
    for (const direction of both) {
      for (const [what, text] of Object.entries(texts)) {
        it(`ends for ${what} (${direction})`, async () => {
          await using running = await start();
          const { sender, receiver } = (await openControl(running)).from(direction);
          await sender.send(event('before'));
          const [first] = await read(receiver, 1);

          running.injectText(direction, text);

          assertFailure(await receiver.closed, 'invalid-message');
          assertFailure(await sender.closed, 'invalid-message');
          assert.equal(first?.id, 'before');
          assert.deepEqual(await readAll(receiver), []);
        });
      }

      it(`ends for bytes of no protocol (${direction})`, async () => {
        await using running = await start();
        const { sender, receiver } = (await openControl(running)).from(direction);

        running.injectGarbage(direction);

        assertFailure(await receiver.closed, 'invalid-message');
        assert.equal((await sender.closed).type, 'failure');
        await closeAll(sender, receiver);
      });
    }

    it('ends a session for a frame of the wrong direction', async () => {
      await using running = await start();
      const { agent, hub } = await openSession(running);

      running.injectText('down', JSON.stringify({ type: 'progress', percent: null, message: null, outputs: null }));

      assertFailure(await agent.closed, 'invalid-message');
      assertFailure(await hub.closed, 'invalid-message');
    });
  });

  describe(`${harness.name}: dialling`, () => {
    it('yields who was admitted, for which target, and from where', async () => {
      const asked: Parameters<Authenticate<string>>[0][] = [];
      await using running = await start({
        authenticate(request) {
          asked.push(request);
          return admitAll(request);
        },
      });

      const agent = await running.control.connect(credential, { signal: forever });
      const accepted = await nextAccepted(running);
      const session = await openSession(running);

      assert.equal(accepted.principal, 'agent-1');
      assert.deepEqual(
        asked.map(({ presented, target }) => ({ presented, target })),
        [
          { presented: 'agent-1', target: '/v1/control' },
          { presented: 'agent-1', target: `/v1/sessions/${attempt}` },
        ],
      );
      assert.ok(asked.every(({ remote }) => remote !== ''));
      await closeAll(agent, session.agent);
    });

    it('gives ids that are unique', async () => {
      await using running = await start();
      const first = await openControl(running);
      const second = await openControl(running);
      const channels = [first.agent, first.hub, second.agent, second.hub];

      assert.equal(new Set(channels.map(({ id }) => id)).size, 4);
      await closeAll(...channels);
    });

    it('is unreachable where nobody listens', async () => {
      await using running = await start();

      await assert.rejects(running.nowhere.connect(credential, { signal: forever }), rejectsWith('unreachable'));
    });

    const refusals: readonly {
      readonly says: Admission<string>;
      readonly code: TransportErrorCode;
      readonly retryAfterMs: number | null;
    }[] = [
      {
        says: { type: 'refused', code: 'unauthorized', message: 'no', retryAfterMs: null },
        code: 'unauthorized',
        retryAfterMs: null,
      },
      {
        says: { type: 'refused', code: 'forbidden', message: 'no', retryAfterMs: null },
        code: 'unauthorized',
        retryAfterMs: null,
      },
      {
        says: { type: 'refused', code: 'unavailable', message: 'no', retryAfterMs: 7_000 },
        code: 'refused',
        retryAfterMs: 7_000,
      },
      {
        says: { type: 'refused', code: 'unavailable', message: 'no', retryAfterMs: null },
        code: 'refused',
        retryAfterMs: null,
      },
    ];
    for (const { says, code, retryAfterMs } of refusals) {
      it(`is ${code} when the listener says ${JSON.stringify(says)}`, async () => {
        await using running = await start({ authenticate: () => Promise.resolve(says) });

        await assert.rejects(running.control.connect(credential, { signal: forever }), (error) => {
          rejectsWith(code)(error);
          assert.equal(error instanceof TransportError && error.retryAfterMs, retryAfterMs);
          return true;
        });
        await until(() => running.openConnections() === 0, 'nothing to be left');
      });
    }

    it('presents once more when challenged, and at once with the last challenge later', async () => {
      const presented: (string | null)[] = [];
      const challenged: Credential = {
        present({ challenge, target }) {
          presented.push(challenge);
          return Promise.resolve(`${challenge ?? 'nothing'}@${target}`);
        },
      };
      await using running = await start({
        authenticate: (request) =>
          Promise.resolve(
            request.presented?.startsWith('nonce-1@') === true
              ? { type: 'admitted', principal: request.presented }
              : { type: 'challenged', challenge: 'nonce-1', message: 'sign this' },
          ),
      });

      const control = await running.control.connect(challenged, { signal: forever });
      const accepted = await nextAccepted(running);
      const session = await running.session.openSession({ attempt, credential: challenged }, { signal: forever });

      assert.deepEqual(presented, [null, 'nonce-1', 'nonce-1']);
      assert.equal(accepted.principal, 'nonce-1@/v1/control');
      assert.equal((await nextAccepted(running)).principal, `nonce-1@/v1/sessions/${attempt}`);
      await closeAll(control, session);
    });

    it('is unauthorized when the second answer is a challenge too', async () => {
      await using running = await start({
        authenticate: () => Promise.resolve({ type: 'challenged', challenge: 'again', message: 'sign this' }),
      });

      await assert.rejects(running.control.connect(credential, { signal: forever }), rejectsWith('unauthorized'));
    });

    it('is unauthorized when the credential cannot be presented', async () => {
      await using running = await start();
      const failing: Credential = { present: () => Promise.reject(new Error('the key is gone')) };
      const strange: Credential = { present: () => Promise.resolve('two words\r\n') };

      await assert.rejects(running.control.connect(failing, { signal: forever }), rejectsWith('unauthorized'));
      await assert.rejects(running.control.connect(strange, { signal: forever }), rejectsWith('unauthorized'));
    });

    it('lets nobody in by an error in authentication', async () => {
      await using running = await start({ authenticate: () => Promise.reject(new Error('the store is gone')) });

      await assert.rejects(running.control.connect(credential, { signal: forever }), rejectsWith('refused'));
    });

    it('lets authentication take only so long', async () => {
      const asked = Promise.withResolvers<void>();
      await using running = await start({
        agentLimits: { ...limits, dialMs: 60_000 },
        authenticate() {
          asked.resolve();
          return new Promise(() => {});
        },
      });

      const dialling = running.control.connect(credential, { signal: forever });
      const watched = watch(dialling);
      await asked.promise;
      await running.clock.advance(limits.dialMs);

      await until(() => watched.settled, 'an answer');
      await assert.rejects(dialling, rejectsWith('refused'));
    });

    it('gives up a dial that gets no answer in time', async () => {
      const asked = Promise.withResolvers<void>();
      await using running = await start({
        hubLimits: { ...limits, dialMs: 60_000 },
        authenticate() {
          asked.resolve();
          return new Promise(() => {});
        },
      });

      const dialling = running.control.connect(credential, { signal: forever });
      const refused = assert.rejects(dialling, rejectsWith('unreachable'));
      await asked.promise;
      await running.clock.advance(limits.dialMs);

      await refused;
      await until(() => running.openConnections() === 0, 'nothing to be left');
      await running.clock.advance(60_000);
    });

    describe('aborted', () => {
      it('before it began', async () => {
        await using running = await start();

        await assert.rejects(
          running.control.connect(credential, { signal: AbortSignal.abort() }),
          rejectsWith('aborted'),
        );
        assert.equal(running.openConnections(), 0);
      });

      it('while the credential is made', async () => {
        await using running = await start();
        const abort = new AbortController();
        const slow: Credential = { present: () => new Promise(() => abort.abort()) };

        await assert.rejects(running.control.connect(slow, { signal: abort.signal }), rejectsWith('aborted'));
        assert.equal(running.openConnections(), 0);
      });

      it('while the other side checks the credential', async () => {
        const abort = new AbortController();
        const decision = Promise.withResolvers<Admission<string>>();
        await using running = await start({
          authenticate() {
            abort.abort();
            return decision.promise;
          },
        });
        const accepted = watch(nextAccepted(running));

        await assert.rejects(running.control.connect(credential, { signal: abort.signal }), rejectsWith('aborted'));
        await until(() => running.openConnections() === 0, 'nothing to be left');
        decision.resolve({ type: 'admitted', principal: 'late' });
        await untilStill(() => Number(accepted.settled));

        assert.equal(accepted.settled, false);
        assert.equal(running.openConnections(), 0);
      });

      it('after any number of turns of the event loop', async () => {
        await using running = await start();
        for (let turns = 0; turns < 40; turns += 1) {
          const abort = new AbortController();
          const dialling = running.control.connect(credential, { signal: abort.signal });
          const outcome = dialling.then(
            (channel) => channel.close(),
            (error: unknown) => void rejectsWith('aborted')(error),
          );
          for (let taken = 0; taken < turns; taken += 1) await turn();
          abort.abort();
          await outcome;
        }
        await closeAcceptedUntilGone(running);
      });
    });
  });

  describe(`${harness.name}: listener`, () => {
    it('closes what nobody took, keeps what was taken, and ends its iteration when disposed', async () => {
      await using running = await start();
      const taken = await openControl(running);
      const left = await running.control.connect(credential, { signal: forever });
      await until(() => running.openConnections() === 2, 'both to be connected');

      await running.listener[Symbol.asyncDispose]();
      await running.listener[Symbol.asyncDispose]();

      assert.equal((await left.closed).type, 'remote');
      assert.equal((await running.listener[Symbol.asyncIterator]().next()).done, true);
      await taken.hub.send(event('kept'));
      assert.equal((await read(taken.agent, 1))[0]?.id, 'kept');
      await closeAll(taken.agent, taken.hub);
    });

    it('ends the iteration of those who wait when disposed', async () => {
      await using running = await start();
      const waiting = running.listener[Symbol.asyncIterator]().next();

      await running.listener[Symbol.asyncDispose]();

      assert.equal((await waiting).done, true);
    });

    it('takes nobody when disposed', async () => {
      await using running = await start();
      await running.listener[Symbol.asyncDispose]();

      await assert.rejects(running.control.connect(credential, { signal: forever }), (error) => {
        assert.ok(error instanceof TransportError);
        assert.ok(error.code === 'unreachable' || error.code === 'refused', error.message);
        return true;
      });
    });
  });
}

/** Dials that were aborted late may have been accepted all the same: their channels end by themselves. */
async function closeAcceptedUntilGone(running: RunningTransport): Promise<void> {
  const closing = (async () => {
    for await (const { channel } of running.listener) await channel.closed;
  })();
  await until(() => running.openConnections() === 0, 'all connections to be gone');
  await running.listener[Symbol.asyncDispose]();
  await closing;
}
