import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { HubFrame } from '../../../protocol/session-frame.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import type { Outlet } from '../../../runtime/network/outlet.ts';
import { createGrpcTransport } from '../../../transports/grpc/grpc-transport.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import type { AgentSessionChannel } from '../../../transports/session-transport.ts';
import { controlTarget, sessionTarget } from '../../../transports/targets.ts';
import { TransportError } from '../../../transports/transport-error.ts';
import { createWebsocketTransport } from '../../../transports/websocket/websocket-transport.ts';
import { type FakeAgent, startFakeAgent } from '../../support/fake-agent.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { openAndListen } from '../../support/open-and-listen.ts';
import type { RawTarget } from '../../support/raw-client.ts';
import { until } from '../../support/until.ts';
import { needles, startHonestAgent } from './honest-agent.ts';
import { type HostilePlace, startHostilePlace } from './hostile-place.ts';
import { begin, endHeaders, frame, toCall, types } from './http2-frames.ts';
import { enrolThief, toUpgrade } from './thief.ts';

checkLeaks();

const common = { limits: defaultLimits, clock: systemClock, logger: silentLogger };
const wires = {
  websocket: (url: string, outlet: Outlet) => createWebsocketTransport({ url, outlet, ...common }),
  grpc: (address: string, outlet: Outlet) =>
    createGrpcTransport({ url: address.replace('https:', 'grpcs:'), outlet, ...common }),
} as const;

const secret = 'hunter2-of-the-job';
const signal = () => AbortSignal.timeout(60_000);
const says = (text: string) => ({ present: async () => text.replace('Authorization: Farhand ', '') });

async function joinToken(place: HostilePlace, account: string): Promise<string> {
  const { text } = await place.call('POST', '/api/v1/join-tokens', { uses: 1, account });
  return (JSON.parse(text) as { readonly token: string }).token;
}

async function startAgent(place: HostilePlace, name: string, account = 'default'): Promise<FakeAgent> {
  return startFakeAgent({
    hub: place.address,
    joinToken: await joinToken(place, account),
    name,
    automations: [`for-${name}`],
    outlet: place.outletAs(name, account),
  });
}

/** A job with a secret that its agent hands over to a runner: what the runner opens it by. */
async function handOver(place: HostilePlace, agent: FakeAgent, name: string) {
  const made = await place.call('POST', '/api/v1/jobs', { automation: `for-${name}`, secrets: { password: secret } });
  assert.equal(made.status, 201, made.text);
  const { attempt } = await agent.nextOffer();
  const session = await agent.openSession(attempt, { handsOver: true, needsSecrets: false });
  const job = (await session.next()) as Extract<HubFrame, { type: 'job' }>;
  await session.channel.close();
  const ticket = job.handover?.ticket ?? assert.fail('expected a ticket');
  return { attempt, ticket };
}

async function openAsRunner(channel: AgentSessionChannel, attempt: string): Promise<HubFrame> {
  await channel.send({
    type: 'open',
    attempt,
    leaseEpoch: 1,
    opens: 1,
    folderId: randomUUID(),
    have: 'claimed',
    rawBytes: 0,
    needsDocument: true,
    needsSecrets: true,
  });
  const first = await channel[Symbol.asyncIterator]().next();
  return first.value as HubFrame;
}

async function isRefused(dial: Promise<unknown>, what: string): Promise<void> {
  await assert.rejects(dial, (error) => {
    assert.ok(error instanceof TransportError, `${what}: ${String(error)}`);
    assert.equal(error.code, 'unauthorized', `${what}: ${error.message}`);
    assert.match(error.message, /the client certificate is for farhand:agent:default\/thief, and the agent is/, what);
    for (const needle of [...needles, secret]) assert.ok(!error.message.includes(needle), what);
    return true;
  });
}

for (const [name, open] of Object.entries(wires)) {
  describe(`a certificate of another agent over ${name}`, () => {
    it('opens nothing with what was stolen of an agent, which that agent opens', async () => {
      await using place = await startHostilePlace({ secure: true });
      const robbed = await enrolThief(place, 'robbed');
      await using handing = await startAgent(place, 'handing');
      await using agent = await startHonestAgent(place);
      const { attempt, ticket } = await handOver(place, handing, 'handing');
      const as = (who: string) => open(place.address, place.outletAs(who));
      const control = (who: string) =>
        as(who).control.connect(says(robbed.present(controlTarget)), { signal: signal() });
      const byKey = (who: string) =>
        as(who).session.openSession(
          { attempt: agent.attempt, credential: says(robbed.present(sessionTarget(agent.attempt))) },
          { signal: signal() },
        );
      const byTicket = (who: string) =>
        as(who).session.openSession({ attempt, credential: says(`ticket=${ticket}`) }, { signal: signal() });

      await isRefused(control('thief'), 'the control channel by a stolen key');
      await isRefused(byKey('thief'), 'a session by a stolen key');
      await isRefused(byTicket('thief'), 'a session by a stolen ticket');
      await agent.stillWorks();

      const channel = await control('robbed');
      await channel.close();
      await using session = await byKey('robbed');
      const frames = await openAndListen(session, agent.attempt);
      await using runner = await byTicket('handing');
      const first = await openAsRunner(runner, attempt);
      // What was stolen is good: it was the certificate that it did not open by.
      assert.deepEqual(
        frames.map(({ type }) => type),
        ['error'],
      );
      assert.ok(!JSON.stringify(frames).includes('needle'), JSON.stringify(frames));
      assert.deepEqual(first.type === 'job' && first.secrets, { password: secret });
      await agent.finish();
    });
  });
}

describe('an agent of another account, with a certificate of its own', () => {
  it('joins no other account, and ends, reads and changes nothing of an attempt whose id it knows', async () => {
    await using place = await startHostilePlace({ secure: true });
    const wrong = startFakeAgent({
      hub: place.address,
      joinToken: await joinToken(place, 'default'),
      name: 'thief',
      outlet: place.outletAs('thief', 'team'),
    });
    await assert.rejects(
      wrong,
      /403 .*client certificate is for farhand:agent:team\/thief, and the agent is default\/thief/,
    );
    assert.equal((await place.call('GET', '/api/v1/agents/thief')).status, 404);
    await using agent = await startHonestAgent(place);
    await using thief = await startAgent(place, 'thief', 'team');

    for (const phase of ['declined', 'running', 'holding-result'] as const) thief.say(agent.attempt, { phase });
    const session = await thief.openSession(agent.attempt);
    const answer = await session.next();
    const after = await session.next();

    assert.deepEqual([answer?.type, answer?.type === 'error' && answer.code], ['error', 'wrong-agent']);
    assert.equal(after, null);
    await agent.stillWorks();
    await agent.finish();
  });
});

/** Ends by a reset: in the handshake, or when it is done and the bytes are on their way. */
async function comeAndGo(
  { port, ca, shows }: RawTarget,
  options: { readonly alpn: string; readonly bytes: string | Buffer; readonly when: 'in it' | 'behind it' },
): Promise<void> {
  const { alpn, bytes, when } = options;
  const socket = connect(port, '127.0.0.1');
  const secured = connectTls({ socket, ca: ca ?? '', ALPNProtocols: [alpn], ...shows });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const stream of [socket, secured]) stream.on('error', () => {});
  const go = () => void socket.resetAndDestroy();
  // What the client says first is on its way by then, and the hub's answer is not read.
  if (when === 'in it') socket.once('connect', () => setImmediate(go));
  else secured.once('secureConnect', () => (bytes.length === 0 ? go() : secured.write(bytes, go)));
  await closed;
}

describe('who shows a good certificate and is gone', () => {
  it('behind the handshake, in it, and in the first call, again and again, harms nobody', async () => {
    await using place = await startHostilePlace({ secure: true });
    const thief = await enrolThief(place);
    await using agent = await startHonestAgent(place);
    const authorization = thief.present(controlTarget).replace('Authorization: ', '');
    const upgrade = toUpgrade('/v1/control', 'cloudevents.json', thief.present(controlTarget));
    const call = Buffer.concat([begin, frame(types.headers, endHeaders, 1, toCall('Control', { authorization }))]);
    const reset = Buffer.concat([call, frame(types.reset, 0, 1, Buffer.from([0, 0, 0, 8]))]);
    // Who asks for them is one.
    const strangers = async () => /^farhand_hub_strangers .*$/m.exec((await place.call('GET', '/metrics')).text)?.[0];
    const before = await strangers();
    const ways: readonly (readonly [string, string | Buffer])[] = [
      ['http/1.1', upgrade],
      ['http/1.1', ''],
      ['h2', call],
      ['h2', reset],
      ['h2', ''],
    ];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        ways.flatMap(([alpn, bytes]) =>
          (['in it', 'behind it'] as const).map((when) => comeAndGo(place.target, { alpn, bytes, when })),
        ),
      );
      if (round % 5 === 0) await agent.stillWorks();
    }

    await place.calm();
    await until('as few to be left of whom nobody knows who they are', async () => (await strangers()) === before);
    await agent.finish();
  });
});
