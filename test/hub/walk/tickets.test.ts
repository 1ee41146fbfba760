import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';
import { createTickets } from '../../../hub/identity/tickets.ts';
import type { HubFrame } from '../../../protocol/session-frame.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import type { Credential } from '../../../transports/credential.ts';
import { createGrpcTransport } from '../../../transports/grpc/grpc-transport.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import type { AgentSessionChannel } from '../../../transports/session-transport.ts';
import { TransportError } from '../../../transports/transport-error.ts';
import { createWebsocketTransport } from '../../../transports/websocket/websocket-transport.ts';
import { type FakeAgent, startFakeAgent } from '../../support/fake-agent.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

checkLeaks();

const common = { limits: defaultLimits, clock: systemClock, logger: silentLogger };
const wires = {
  websocket: (address: string) => createWebsocketTransport({ ...common, url: address }),
  grpc: (address: string) => createGrpcTransport({ ...common, url: address.replace('http:', 'grpc:') }),
} as const;

function says(text: string): Credential {
  return { present: async () => text };
}

async function startAgent(hub: TestHub, name: string, account = 'default'): Promise<FakeAgent> {
  const { body } = await hub.call('POST', '/join-tokens', { account });
  return startFakeAgent({ hub: hub.address, joinToken: (body as { token: string }).token, name, slots: 4 });
}

interface Given {
  readonly attempt: string;
  readonly ticket: string;
}

/** A job of the agent's, handed over: another than `earlier`, whose offer comes again where the machine is slow. */
async function handOver(hub: TestHub, agent: FakeAgent, earlier?: Given): Promise<Given> {
  await hub.call('POST', '/jobs', { automation: 'greet', secrets: { password: 'hunter2-of-the-job' } });
  let { attempt } = await agent.nextOffer();
  while (attempt === earlier?.attempt) ({ attempt } = await agent.nextOffer());
  const session = await agent.openSession(attempt, { handsOver: true, needsSecrets: false });
  const job = (await session.next()) as Extract<HubFrame, { type: 'job' }>;
  await session.channel.close();
  const ticket = job.handover?.ticket ?? null;
  assert.ok(ticket !== null);
  return { attempt, ticket };
}

async function openAs(channel: AgentSessionChannel, attempt: string, folderId: string): Promise<HubFrame> {
  await channel.send({
    type: 'open',
    attempt,
    leaseEpoch: 1,
    opens: 1,
    folderId,
    have: 'claimed',
    rawBytes: 0,
    needsDocument: true,
    needsSecrets: true,
  });
  const first = await channel[Symbol.asyncIterator]().next();
  return first.value as HubFrame;
}

for (const [name, open] of Object.entries(wires)) {
  describe(`tickets at the door of a hub over ${name}`, () => {
    it('open the sessions of their attempt, for one runner, and nothing else', async () => {
      await using hub = await startTestHub();
      await using agent = await startAgent(hub, 'a1');
      const transport = open(hub.address);
      const mine = await handOver(hub, agent);
      const other = await handOver(hub, agent, mine);
      const signal = AbortSignal.timeout(20_000);
      const credential = says(`ticket=${mine.ticket}`);
      const dial = (attempt: string, as = credential) =>
        transport.session.openSession({ attempt, credential: as }, { signal });

      const messages = new Set<string>();
      const forged = createTickets({
        secretKey: createSecretKey(systemRandom.bytes(32)),
        storeId: randomUUID(),
        clock: systemClock,
        random: systemRandom,
      });
      const its = { attempt: mine.attempt, agentId: agent.id, agentFolderId: randomUUID() };
      const refused = {
        'another attempt': () => dial(other.attempt),
        'no attempt': () => dial(randomUUID()),
        'the control channel': () => transport.control.connect(credential, { signal }),
        'a ticket that another hub signed': async () => dial(mine.attempt, says(`ticket=${await forged.issue(its)}`)),
        'no ticket at all': () => dial(mine.attempt, says('ticket=abc')),
        'the ticket as a challenge is answered': () => dial(mine.attempt, says(mine.ticket)),
      };
      for (const [what, attempt] of Object.entries(refused)) {
        await assert.rejects(attempt, (error) => {
          assert.ok(error instanceof TransportError && error.code === 'unauthorized', `${what}: ${String(error)}`);
          assert.ok(!error.message.includes(mine.ticket), what);
          messages.add(error.message.replace(/(?:ws|grpc):\S+/, 'the hub'));
          return true;
        });
      }
      const api = await hub.call('GET', '/jobs', undefined, mine.ticket);

      await using first = await dial(mine.attempt);
      const came = await openAs(first, mine.attempt, randomUUID());
      await using thief = await dial(mine.attempt);
      const stolen = await openAs(thief, mine.attempt, randomUUID());

      assert.equal(api.status, 401);
      // What is wrong with a ticket nobody learns; the last one is none by its form.
      assert.equal(messages.size, 2, [...messages].join('\n'));
      assert.ok(came.type === 'job');
      assert.deepEqual(came.secrets, { password: 'hunter2-of-the-job' });
      assert.equal(stolen.type === 'error' && stolen.code, 'attempt-withdrawn');
      assert.ok(!JSON.stringify(stolen).includes('hunter2'));
    });

    it('are worth nothing once their agent was revoked, and cut what runs by them', async () => {
      await using hub = await startTestHub();
      await using agent = await startAgent(hub, 'a1');
      const transport = open(hub.address);
      const { attempt, ticket } = await handOver(hub, agent);
      const signal = AbortSignal.timeout(20_000);
      const credential = says(`ticket=${ticket}`);
      await using running = await transport.session.openSession({ attempt, credential }, { signal });
      await openAs(running, attempt, randomUUID());

      const revoked = await hub.call('POST', '/agents/a1/revoke');

      assert.equal(revoked.status < 300, true);
      assert.equal((await running.closed).type, 'remote');
      await assert.rejects(
        () => transport.session.openSession({ attempt, credential }, { signal }),
        (error) => error instanceof TransportError && error.code === 'unauthorized',
      );
    });
  });
}
