import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import type { Credential } from '../../../transports/credential.ts';
import { createGrpcTransport } from '../../../transports/grpc/grpc-transport.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import { TransportError } from '../../../transports/transport-error.ts';
import { createWebsocketTransport } from '../../../transports/websocket/websocket-transport.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { openAndListen } from '../../support/open-and-listen.ts';
import { createTestCredential } from '../../support/test-credential.ts';
import { createWalkPlace, type WalkPlace } from './walk-place.ts';

checkLeaks();

const wires = {
  websocket: (address: string) =>
    createWebsocketTransport({
      url: address,
      limits: defaultLimits,
      clock: systemClock,
      logger: silentLogger,
    }),
  grpc: (address: string) =>
    createGrpcTransport({
      url: address.replace('http:', 'grpc:'),
      limits: defaultLimits,
      clock: systemClock,
      logger: silentLogger,
    }),
} as const;

function createStrangers({ acme, rivalAgent, attempt, outsiders }: WalkPlace): Readonly<Record<string, Credential>> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const says = (text: string): Credential => ({ present: async () => text });
  return {
    "an administrator's token": says(acme.admin),
    'a join token': says(String(outsiders['a join token']).slice('Bearer '.length)),
    'the name of an agent that is there, with another key': createTestCredential(attempt.agentId, privateKey),
    'the name of an agent that is there, with the key of another agent': createTestCredential(
      attempt.agentId,
      rivalAgent.key,
    ),
    'an agent that nobody knows': createTestCredential(randomUUID(), privateKey),
  };
}

for (const [name, open] of Object.entries(wires)) {
  describe(`the channels of a hub over ${name}`, () => {
    it('take agents alone, and answer all others alike', async () => {
      await using place = await createWalkPlace();
      const transport = open(place.hub.address);
      const refusals = new Map<string, string>();

      for (const [who, credential] of Object.entries(createStrangers(place))) {
        const signal = AbortSignal.timeout(10_000);
        const dials = {
          control: () => transport.control.connect(credential, { signal }),
          session: () => transport.session.openSession({ attempt: place.attempt.id, credential }, { signal }),
          'session of no attempt': () =>
            transport.session.openSession({ attempt: randomUUID(), credential }, { signal }),
        };
        for (const [what, dial] of Object.entries(dials)) {
          await assert.rejects(dial, (error) => {
            assert.ok(error instanceof TransportError, String(error));
            assert.equal(error.code, 'unauthorized', `${who}: ${what}: ${error.message}`);
            refusals.set(`${who}: ${what}`, error.message.replace(/ws:\S+|grpc:\S+/, 'the hub'));
            return true;
          });
        }
      }

      // Whether there is such an agent, and such an attempt, nobody learns: what was signed is wrong in the same words.
      const signed = [...refusals].filter(([who]) => who.includes('agent'));
      assert.equal(new Set(signed.map(([, message]) => message)).size, 1, JSON.stringify(signed, null, 1));
      for (const message of refusals.values()) {
        for (const needle of place.needles) assert.ok(!message.includes(needle), message);
      }
    });

    it('give an agent nothing of an attempt that is not its own', async () => {
      await using place = await createWalkPlace();
      const transport = open(place.hub.address);
      const { id, key } = place.rivalAgent;
      const signal = AbortSignal.timeout(10_000);
      const before = await place.hub.call('GET', `/jobs/${place.kept.job}`, undefined, place.acme.viewer);

      await using channel = await transport.session.openSession(
        { attempt: place.attempt.id, credential: createTestCredential(id, key) },
        { signal },
      );
      const frames = await openAndListen(channel, place.attempt.id);

      assert.deepEqual(
        frames.map((frame) => (frame.type === 'error' ? frame.code : frame.type)),
        ['wrong-agent'],
      );
      const text = JSON.stringify(frames);
      for (const needle of place.needles) assert.ok(!text.includes(needle), text);
      const after = await place.hub.call('GET', `/jobs/${place.kept.job}`, undefined, place.acme.viewer);
      assert.deepEqual(after, before);
    });
  });
}
