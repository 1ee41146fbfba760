import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { createAgentAuthenticator } from '../../../hub/identity/agent-authenticator.ts';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';
import type { AgentIdentity } from '../../../hub/store/records.ts';
import type { Store } from '../../../hub/store/store.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';

const target = '/v1/control';

interface KnownAgent {
  readonly id: string;
  readonly privateKey: KeyObject;
  revokedAt: number | null;
}

function setUp() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const agent: KnownAgent = { id: systemRandom.orderedUuid(), privateKey, revokedAt: null };
  let now = 1_000_000;
  const failing = { value: false };
  const record = (): AgentIdentity => ({
    id: agent.id,
    account: 'default',
    name: 'a1',
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    nextPublicKey: null,
    revokedAt: agent.revokedAt,
  });
  const queries = {
    agentIdentity: async (id: string) => {
      if (failing.value) throw new Error('the store is closed');
      return id === agent.id ? record() : null;
    },
  };
  const options = {
    store: { queries } as unknown as Store,
    secretKey: createSecretKey(new Uint8Array(32).fill(7)),
    clock: { ...systemClock, now: () => now },
    random: systemRandom,
    logger: silentLogger,
  };
  const authenticate = createAgentAuthenticator(options);
  const ask = (presented: string | null, to = target) =>
    authenticate({ presented, target: to, remote: '192.0.2.1', certificate: null });
  const challenge = async () => {
    const admission = await ask(`agent=${agent.id}`);
    assert.ok(admission.type === 'challenged');
    return admission.challenge;
  };
  return { agent, ask, challenge, failing, options, pass: (ms: number) => (now += ms) };
}

function present(
  agent: KnownAgent,
  challenge: string,
  { to = target, id = agent.id, key = agent.privateKey } = {},
): string {
  const signature = sign(null, Buffer.from(`farhand-auth-v1\n${challenge}\n${id}\n${to}`), key).toString('base64url');
  return `agent=${id},challenge=${challenge},signature=${signature}`;
}

describe('an agent that dials', () => {
  it('is challenged, signs, and is admitted', async () => {
    const { agent, ask, challenge } = setUp();

    const admission = await ask(present(agent, await challenge()));

    assert.deepEqual(admission, { type: 'admitted', principal: { id: agent.id, account: 'default', name: 'a1' } });
  });

  it('is challenged when it presents nothing', async () => {
    const { ask } = setUp();

    assert.equal((await ask(null)).type, 'challenged');
  });

  it('may use a challenge again for ten minutes, then gets a new one', async () => {
    const { agent, ask, challenge, pass } = setUp();
    const presented = present(agent, await challenge());

    assert.equal((await ask(presented)).type, 'admitted');
    pass(9 * 60_000);
    assert.equal((await ask(presented)).type, 'admitted');
    pass(60_000);
    assert.equal((await ask(presented)).type, 'challenged');
  });

  it('may use a challenge that another hub with the same key gave', async () => {
    const { agent, challenge, options } = setUp();

    const other = createAgentAuthenticator(options);

    assert.equal(
      (await other({ presented: present(agent, await challenge()), target, remote: '', certificate: null })).type,
      'admitted',
    );
  });

  it('opens nothing but what it signed for', async () => {
    const { agent, ask, challenge } = setUp();
    const presented = present(agent, await challenge(), { to: '/v1/sessions/1' });

    assert.equal((await ask(presented)).type, 'refused');
    assert.equal((await ask(presented, '/v1/sessions/2')).type, 'refused');
    assert.equal((await ask(presented, '/v1/sessions/1')).type, 'admitted');
  });

  it('gets one and the same refusal, whether it is unknown or signs with another key, and hears that it was revoked from nobody’s key but its own', async () => {
    const { agent, ask, challenge } = setUp();
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const given = await challenge();

    const wrongKey = await ask(present(agent, given, { key: stranger }));
    const unknown = await ask(present(agent, given, { id: systemRandom.orderedUuid() }));
    agent.revokedAt = 1;
    const revoked = await ask(present(agent, given));
    const revokedAndWrong = await ask(present(agent, given, { key: stranger }));

    assert.ok(wrongKey.type === 'refused' && wrongKey.code === 'unauthorized');
    assert.deepEqual(unknown, wrongKey);
    assert.deepEqual(revokedAndWrong, wrongKey);
    assert.ok(revoked.type === 'refused' && revoked.code === 'unauthorized');
    assert.match(revoked.message, /this agent was revoked at 1970-01-01T00:00:00.001Z/);
  });

  it('is known by its own key only, whoever was let in before it', async () => {
    const agents = ['a1', 'a2'].map((name) => ({
      name,
      id: systemRandom.orderedUuid(),
      ...generateKeyPairSync('ed25519'),
    }));
    const queries = {
      async agentIdentity(asked: string): Promise<AgentIdentity | null> {
        const found = agents.find(({ id }) => id === asked);
        if (found === undefined) return null;
        const publicKey = found.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
        return { id: found.id, account: 'default', name: found.name, publicKey, nextPublicKey: null, revokedAt: null };
      },
    };
    const authenticate = createAgentAuthenticator({ ...setUp().options, store: { queries } as unknown as Store });
    const ask = (presented: string) => authenticate({ presented, target, certificate: null, remote: '192.0.2.1' });
    const asked = await ask(`agent=${systemRandom.orderedUuid()}`);
    assert.ok(asked.type === 'challenged');
    const signedBy = (agent: { readonly id: string }, key: KeyObject) =>
      ask(present({ id: agent.id, privateKey: key, revokedAt: null }, asked.challenge));

    const [first, second] = agents;
    assert.ok(first && second);
    const answers = [
      await signedBy(first, first.privateKey),
      await signedBy(second, second.privateKey),
      await signedBy(first, second.privateKey),
      await signedBy(second, first.privateKey),
      await signedBy(first, first.privateKey),
    ];

    assert.deepEqual(
      answers.map((answer) => (answer.type === 'admitted' ? answer.principal.name : answer.type)),
      ['a1', 'a2', 'refused', 'refused', 'a1'],
    );
  });

  it('is challenged anew for a challenge that this hub never gave', async () => {
    const { agent, ask, challenge } = setUp();
    const real = await challenge();
    const forged = `${real.slice(0, -1)}${real.endsWith('A') ? 'B' : 'A'}`;

    assert.equal((await ask(present(agent, `x${real}`))).type, 'challenged');
    assert.equal((await ask(present(agent, real.slice(4)))).type, 'challenged');
    // The last of the digits may carry spare bits only: what matters is that it decodes to other bytes.
    const sameBytes = Buffer.from(forged, 'base64url').equals(Buffer.from(real, 'base64url'));
    assert.equal((await ask(present(agent, forged))).type, sameBytes ? 'admitted' : 'challenged');
  });

  it('is refused for anything that is not a credential', async () => {
    const { agent, ask, challenge } = setUp();
    const good = present(agent, await challenge());

    for (const presented of [
      '',
      'agent=',
      'agent=1',
      `${good},x=y`,
      good.replace('signature', 'sig'),
      ` ${good}`,
      `${good}\n`,
      'x'.repeat(100_000),
    ]) {
      const admission = await ask(presented);
      assert.ok(admission.type === 'refused' && admission.code === 'unauthorized', presented.slice(0, 50));
    }
  });

  it('is told to come back when the hub cannot look it up', async () => {
    const { agent, ask, challenge, failing } = setUp();
    const presented = present(agent, await challenge());
    failing.value = true;

    const admission = await ask(presented);

    assert.ok(admission.type === 'refused' && admission.code === 'unavailable');
    assert.ok((admission.retryAfterMs ?? 0) > 0);
  });
});
