import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AgentError } from '../../agent/agent-error.ts';
import { loadAgentKey } from '../../agent/agent-key.ts';
import { createAgentCredential } from '../../agent/identity.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, agentId, createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

async function startWaiting(place: AgentPlace): Promise<string> {
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
  return id;
}

test('An agent that drains takes no work, waits for what runs, and is drained when the hub has it', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = await startWaiting(place);

  const drained = agent.drain({ drainMs: 60_000, afterwards: 'leave', cancelMs: 0 });
  const refused = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.until(() => place.hub.report(refused)?.reason === 'draining', 'a decline');
  await place.hub.until(() => place.hub.agentReport?.health.state === 'draining', 'the report');
  await place.open('go');

  assert.deepEqual(await drained, { type: 'drained' });
  assert.equal(place.hub.get(id).result?.outcome, 'succeeded');
  assert.equal(agent.state, 'left');
  assert.deepEqual(await agent.ended, { type: 'drained' });
});

test('What still runs after the drain is left, and the next agent adopts it', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = await startWaiting(place);

  assert.deepEqual(await agent.drain({ drainMs: 20, afterwards: 'leave', cancelMs: 0 }), { type: 'left' });
  assert.equal(place.hub.get(id).result, null);
  await place.start();
  await place.open('go');

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('Or it is cancelled, and the agent waits until the hub has that', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = await startWaiting(place);

  assert.deepEqual(await agent.drain({ drainMs: 20, afterwards: 'cancel', cancelMs: 20_000 }), { type: 'drained' });

  assert.equal(place.hub.get(id).result?.outcome, 'cancelled');
});

/** Runs elsewhere, as a pod does: the end of this machine would not be its own. */
const elsewhere = { elsewhere: 'run: ["true"]\nexecutor: dummy\ndummy: {sleepSeconds: 600}\n' };

test('What runs elsewhere is not cancelled with what would end with the machine: the next agent adopts it', async () => {
  await using place = await createAgentPlace(elsewhere);
  const agent = await place.start();
  const here = await startWaiting(place);
  const there = place.hub.offer({ automation: 'elsewhere', parameters: {} });
  await place.hub.until(() => place.hub.report(there)?.phase === 'running', 'both to run');

  assert.deepEqual(await agent.drain({ drainMs: 20, afterwards: 'cancel', cancelMs: 20_000 }), { type: 'left' });

  assert.equal(place.hub.get(here).result?.outcome, 'cancelled');
  assert.equal(place.hub.get(there).result, null);
  assert.equal(existsSync(join(place.attemptFolder(there), 'intent.json')), false);
  await place.start();
  await place.hub.cancel(there);
  assert.equal((await place.hub.result(there)).outcome, 'cancelled');
});

test('An agent on which nothing runs but what may be left does not wait for it', async () => {
  await using place = await createAgentPlace(elsewhere);
  const agent = await place.start();
  const there = place.hub.offer({ automation: 'elsewhere', parameters: {} });
  await place.hub.until(() => place.hub.report(there)?.phase === 'running', 'it to run');

  assert.deepEqual(await agent.drain({ drainMs: 3_600_000, afterwards: 'cancel', cancelMs: 0 }), { type: 'left' });
});

test('An agent whose data goes with it cancels what runs elsewhere, too, when it is told so', async () => {
  await using place = await createAgentPlace(elsewhere);
  const agent = await place.start();
  const there = place.hub.offer({ automation: 'elsewhere', parameters: {} });
  await place.hub.until(() => place.hub.report(there)?.phase === 'running', 'it to run');

  assert.deepEqual(await agent.drain({ drainMs: 20, afterwards: 'cancel-all', cancelMs: 20_000 }), {
    type: 'drained',
  });

  assert.equal(place.hub.get(there).result?.outcome, 'cancelled');
});

test('Disposing cuts a drain short, and touches no process', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = await startWaiting(place);

  const drained = agent.drain({ drainMs: 60_000, afterwards: 'cancel', cancelMs: 60_000 });
  await agent[Symbol.asyncDispose]();

  assert.deepEqual(await drained, { type: 'left' });
  assert.equal(existsSync(join(place.attemptFolder(id), 'intent.json')), false);
  await place.start();
  await place.open('go');
  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('A data folder has one agent at a time', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const second = await place.create();

  await assert.rejects(second.ready, (error: unknown) => error instanceof AgentError && error.code === 'data-folder');
});

test('An agent for one job takes one, whichever comes first, and ends with its result', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start({ mode: { type: 'once', jobId: null, idleMs: null } });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'exit 3' } });
  await place.hub.result(id);
  const end = await agent.ended;
  const second = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.until(() => place.hub.report(second)?.reason === 'draining', 'a decline');

  assert.equal(end.type === 'ended' && end.result.exitCode, 3);
});

test('An agent for a certain job takes no other, and one for which none comes ends too', async () => {
  await using place = await createAgentPlace();
  const job = '0190d2a6-3333-7000-8000-000000000001';
  const agent = await place.start({ mode: { type: 'once', jobId: job, idleMs: 60_000 } });

  const other = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.until(() => place.hub.report(other)?.reason === 'draining', 'a decline');
  const own = place.hub.offer({ automation: 'sh', parameters: { run: 'true' }, job });
  await place.hub.result(own);
  const end = await agent.ended;
  await agent[Symbol.asyncDispose]();
  place.hub.attempts.clear();
  const idle = await place.start({ mode: { type: 'once', jobId: null, idleMs: 10 } });

  assert.equal(end.type, 'ended');
  assert.deepEqual(await idle.ended, { type: 'no-job' });
});

test('An agent enrols once, proves its key, and keeps both in files that only it may read', async () => {
  await using place = await createAgentPlace();
  await rm(join(place.data, 'identity.json'));
  const requests: Request[] = [];
  const answers = [
    () => Promise.reject(new TypeError('fetch failed')),
    () => Promise.resolve(new Response('busy', { status: 503 })),
    () => Promise.resolve(Response.json({ id: agentId, name: 'a1', account: 'default' }, { status: 201 })),
  ];
  const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    requests.push(new Request(url, init));
    return answers[Math.min(requests.length, answers.length) - 1]?.() ?? Promise.reject(new Error('no answer'));
  };
  const enrolment = { hubUrls: ['http://hub.example'], joinToken: 'join-me' };

  const first = await place.start({ enrolment, fetch, labels: { site: 'ams' } });
  await first[Symbol.asyncDispose]();
  await place.start({ enrolment: null });

  assert.equal(requests.length, 3);
  const last = requests.at(-1);
  assert.ok(last);
  assert.equal(last.url, 'http://hub.example/v1/enrol');
  assert.equal(last.headers.get('authorization'), 'Bearer join-me');
  const body = (await last.json()) as { name: string; publicKey: string; labels: object };
  assert.deepEqual([body.name, body.labels], ['a1', { site: 'ams' }]);
  const key = createPublicKey({ key: Buffer.from(body.publicKey, 'base64'), format: 'der', type: 'spki' });
  const proof = Buffer.from(last.headers.get('farhand-proof') ?? '', 'base64');
  assert.ok(verify(null, Buffer.from(`farhand-enrol-v1\n${body.publicKey}\na1`), key, proof));
  for (const name of ['agent.key', 'identity.json']) {
    assert.equal((await stat(join(place.data, name))).mode & 0o777, 0o600);
  }
  assert.match(await readFile(join(place.data, 'agent.key'), 'utf8'), /PRIVATE KEY/);
});

test('A mistake in a file is reported with its place', async () => {
  await using place = await createAgentPlace({ broken: 'run: [echo]\ntypo: 1\n' });
  await place.start();

  await place.hub.until(() => (place.hub.agentReport?.health.problems.length ?? 0) > 0, 'the report');

  assert.match(place.hub.agentReport?.health.problems[0] ?? '', /broken\.yaml:2:1: typo: unknown key/);
});

test('A join token that the hub refuses ends the start with a word on what to do', async () => {
  await using place = await createAgentPlace();
  await rm(join(place.data, 'identity.json'));
  const problem = {
    type: 'about:blank',
    title: 'x',
    status: 401,
    code: 'join-token-invalid',
    detail: 'it has expired',
  };
  const fetch = () => Promise.resolve(Response.json(problem, { status: 401 }));

  const agent = await place.create({ enrolment: { hubUrls: ['http://hub.example'], joinToken: 'old' }, fetch });

  await assert.rejects(agent.ready, (error: unknown) => {
    assert.ok(error instanceof AgentError);
    assert.equal(error.code, 'join-token-refused');
    assert.match(error.message, /it has expired.*FARHAND_JOIN_TOKEN/);
    return true;
  });
  assert.deepEqual(await agent.ended, { type: 'left' });
});

test('An agent with several ways to its hub joins by the first that takes it, whatever the ones before say', async () => {
  await using place = await createAgentPlace();
  await rm(join(place.data, 'identity.json'));
  const asked: string[] = [];
  const answers = new Map([
    ['gone', () => Promise.reject(new TypeError('fetch failed'))],
    ['portal', () => Promise.resolve(new Response('log in first', { status: 403 }))],
    ['hub', () => Promise.resolve(Response.json({ id: agentId, name: 'a1', account: 'default' }, { status: 201 }))],
  ]);
  const fetch = (url: string | URL | Request): Promise<Response> => {
    const { hostname } = new URL(url instanceof Request ? url.url : url);
    asked.push(hostname);
    return answers.get(hostname)?.() ?? Promise.reject(new Error('no answer'));
  };
  const hubUrls = [...answers.keys(), 'spare'].map((host) => `http://${host}`);

  await place.start({ enrolment: { hubUrls, joinToken: 'join-me' }, fetch });

  assert.deepEqual(asked, ['gone', 'portal', 'hub']);
});

test('An agent with neither identity nor join token says so', async () => {
  await using place = await createAgentPlace();
  await rm(join(place.data, 'identity.json'));

  const agent = await place.create();

  await assert.rejects(agent.ready, (error: unknown) => error instanceof AgentError && error.code === 'not-enrolled');
});

test('A credential without a challenge is the id, and with one a signature for that challenge and target', async () => {
  await using place = await createAgentPlace();
  const key = await loadAgentKey(systemFileSystem, join(place.data, 'agent.key'));
  const again = await loadAgentKey(systemFileSystem, join(place.data, 'agent.key'));
  const credential = createAgentCredential(agentId, again);

  const bare = await credential.present({ target: '/v1/control', challenge: null });
  const signed = await credential.present({ target: '/v1/control', challenge: 'abc' });

  assert.equal(bare, `agent=${agentId}`);
  const [, signature = ''] = /^agent=[^,]+,challenge=abc,signature=([\w-]+)$/.exec(signed) ?? [];
  const publicKey = createPublicKey({ key: Buffer.from(key.publicKey, 'base64'), format: 'der', type: 'spki' });
  const text = `farhand-auth-v1\nabc\n${agentId}\n/v1/control`;
  assert.ok(verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url')));
});
