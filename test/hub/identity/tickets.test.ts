import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';
import { createTickets, type Tickets } from '../../../hub/identity/tickets.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { systemRandom } from '../../../runtime/random.ts';

const attempt = '0190d2a6-1111-7000-8000-000000000001';
const other = '0190d2a6-1111-7000-8000-000000000002';
const its = {
  attempt,
  agentId: '0190d2a6-1111-7000-8000-000000000003',
  agentFolderId: '11111111-1111-4111-8111-111111111111',
};

function open(secret: Uint8Array, clock = systemClock): Tickets {
  const options = { storeId: systemRandom.uuid(), clock, random: systemRandom };
  return createTickets({ ...options, secretKey: createSecretKey(secret) });
}

/** A ticket of the right words, signed by somebody else. */
function forge(change: (jwt: SignJWT) => SignJWT = (jwt) => jwt): SignJWT {
  const jwt = new SignJWT({ folder: its.agentFolderId })
    .setIssuer('store')
    .setSubject(its.agentId)
    .setAudience(attempt)
    .setJti(systemRandom.uuid())
    .setExpirationTime('1h');
  return change(jwt);
}

describe('session tickets', () => {
  it('are read by every start of the hub that made them, and say what they are for', async () => {
    const secret = systemRandom.bytes(32);
    const ticket = await open(secret).issue(its);

    const reading = await open(secret).read(ticket, attempt);

    assert.ok(reading.type === 'ticket');
    const { storeId, ...said } = reading.ticket;
    assert.deepEqual(said, { ...its, isOver: false });
    assert.match(storeId, /^[0-9a-f-]{36}$/);
  });

  it('say that they are over after an hour', async () => {
    const secret = systemRandom.bytes(32);
    const ticket = await open(secret).issue(its);
    const later = { ...systemClock, now: () => Date.now() + 3_601_000 };

    const reading = await open(secret, later).read(ticket, attempt);

    assert.ok(reading.type === 'ticket' && reading.ticket.isOver);
  });

  for (const [what, waitSeconds, lastsSeconds] of [
    ['an hour, also where their agent needs less', 60, 3_600],
    ['as long as their agent may have to wait for a pod', 50_000, 50_000],
    ['three days, however long their agent would wait', 30_000_000, 259_200],
  ] as const) {
    it(`last ${what}`, async () => {
      const secret = systemRandom.bytes(32);
      let now = Date.parse('2026-11-30T12:00:00Z');
      const tickets = open(secret, { ...systemClock, now: () => now });
      const ticket = await tickets.issue({ ...its, waitSeconds });
      const isOver = async () => {
        const reading = await tickets.read(ticket, attempt);
        assert.ok(reading.type === 'ticket');
        return reading.ticket.isOver;
      };

      now += (lastsSeconds - 1) * 1_000;
      assert.equal(await isOver(), false);
      now += 2_000;
      assert.equal(await isOver(), true);
    });
  }

  it('open no other attempt, also when they are over', async () => {
    const secret = systemRandom.bytes(32);
    const ticket = await open(secret).issue(its);
    const later = { ...systemClock, now: () => Date.now() + 3_601_000 };

    assert.equal((await open(secret).read(ticket, other)).type, 'invalid');
    assert.equal((await open(secret, later).read(ticket, other)).type, 'invalid');
  });

  it('are refused when another hub signed them, or nobody, or a word of them was changed', async () => {
    const tickets = open(systemRandom.bytes(32));
    const true1 = await tickets.issue(its);
    const [header = '', payload = '', signature = ''] = true1.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'farhand-ticket+jwt' })).toString('base64url');
    const changed = Buffer.from(Buffer.from(payload, 'base64url').toString().replace(its.agentId, other)).toString(
      'base64url',
    );

    const forgeries = [
      await open(systemRandom.bytes(32)).issue(its),
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${changed}.${signature}`,
      `${header}.${payload}.`,
      '',
      'x.y.z',
    ];

    for (const forgery of forgeries) assert.equal((await tickets.read(forgery, attempt)).type, 'invalid', forgery);
  });

  it('are refused in another algorithm, and without the type, the time or the folder of a ticket', async () => {
    const secret = systemRandom.bytes(32);
    const tickets = open(secret);
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const derived = createSecretKey(secret).derive('session-tickets');
    const own = createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), derived]),
      format: 'der',
      type: 'pkcs8',
    });
    const typ = 'farhand-ticket+jwt';

    const wrong = [
      await forge().setProtectedHeader({ alg: 'RS256', typ }).sign(rsa),
      await forge().setProtectedHeader({ alg: 'HS256', typ }).sign(derived),
      await forge().setProtectedHeader({ alg: 'EdDSA' }).sign(own),
      await forge().setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' }).sign(own),
      await new SignJWT({ folder: its.agentFolderId })
        .setIssuer('s')
        .setSubject(its.agentId)
        .setAudience(attempt)
        .setJti(other)
        .setProtectedHeader({ alg: 'EdDSA', typ })
        .sign(own),
      await forge((jwt) => jwt.setSubject('not an id'))
        .setProtectedHeader({ alg: 'EdDSA', typ })
        .sign(own),
    ];

    for (const text of wrong) assert.equal((await tickets.read(text, attempt)).type, 'invalid', text);
    const right = await forge().setProtectedHeader({ alg: 'EdDSA', typ }).sign(own);
    assert.equal((await tickets.read(right, attempt)).type, 'ticket');
  });
});
