import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Role } from '../../../hub/store/records.ts';
import { startFakeAgent } from '../../support/fake-agent.ts';
import { sampleApp, sampleNode } from '../../support/sample-inventory.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { until } from '../../support/until.ts';

export const roles = ['admin', 'operator', 'approver', 'viewer'] as const satisfies readonly Role[];

/** What there is of one account, by the words that its paths take. */
export interface Things {
  readonly job: string;
  readonly agent: string;
  readonly probe: string;
  readonly node: string;
  readonly app: string;
  readonly token: string;
  readonly joinToken: string;
  readonly account: string;
}

/** A token of each role of an account. */
export type Tokens = Readonly<Record<Role, string>>;

export interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly body: string;
  /** Headers and body, without what differs from call to call. */
  readonly text: string;
}

/** A real hub with data of the accounts `acme` and `rival`, and everybody who may come to its door. */
export interface WalkPlace extends AsyncDisposable {
  readonly hub: TestHub;
  readonly acme: Tokens;
  readonly rival: Tokens;
  /** Of the account `default`, which is the hub's own. */
  readonly own: Tokens;
  /** `Authorization` headers that open nothing of the API. */
  readonly outsiders: Readonly<Record<string, string | null>>;
  /** Of `acme`, and never changed. */
  readonly kept: Things;
  /** Words that tell of `acme`. */
  readonly needles: readonly string[];
  /** An attempt of `acme` that runs, and the agent that has it. */
  readonly attempt: { readonly id: string; readonly agentId: string };
  /** An agent of `rival`, by its key. */
  readonly rivalAgent: { readonly id: string; readonly key: KeyObject };
  /** Of `acme`, made for one call that changes it. */
  makeThings(): Promise<Things>;
  ask(
    method: string,
    path: string,
    call: { readonly authorization: string | null; readonly body?: object; readonly requestId?: string },
  ): Promise<Answer>;
}

const names = { agent: 'acme-agent', probe: 'acme-probe', automation: 'acme-greet' };
/** Streams say at once what there is; then they would last. */
const streamMs = 300;
const varying = new Set(['date', 'connection', 'keep-alive', 'content-length']);

export function bearer(token: string): string {
  return `Bearer ${token}`;
}

/** Names and ids that nobody has. */
export function nobodysThings(): Things {
  const id = randomUUID();
  return {
    job: id,
    agent: 'nobodys-agent',
    probe: 'nobodys-probe',
    node: id,
    app: id,
    token: id,
    joinToken: id,
    account: 'nobodys-account',
  };
}

export async function createWalkPlace(): Promise<WalkPlace> {
  await using stack = new AsyncDisposableStack();
  const hub = stack.use(await startTestHub({ limits: { failedSignIns: 1_000_000 } }));

  async function make(
    path: string,
    body: object,
    token?: string,
  ): Promise<{ readonly id: string; readonly token: string }> {
    const answer = await hub.call('POST', path, body, token);
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as { id: string; token: string };
  }
  const makeTokens = async (account: string): Promise<Tokens> => {
    const made = await Promise.all(roles.map((role) => make('/tokens', { role, account, name: `${account}-${role}` })));
    return Object.fromEntries(roles.map((role, index) => [role, made[index]?.token])) as Tokens;
  };
  const acme = await makeTokens('acme');
  const rival = await makeTokens('rival');
  const own = await makeTokens('default');

  const enrol = async (name: string, account: string) => {
    const { token } = await make('/join-tokens', { account });
    return enrolByHand(hub, name, token);
  };
  const agentJoin = await make('/join-tokens', { account: 'acme', labels: { 'acme-label': 'acme-site' } });
  const agent = stack.use(
    await startFakeAgent({
      hub: hub.address,
      joinToken: agentJoin.token,
      name: names.agent,
      automations: [names.automation],
      slots: 2,
    }),
  );
  agent.tellFacts(names.probe, { acmeFact: 'acme-value' });
  agent.tellInventory({ nodes: [sampleNode('acme-node')], apps: [sampleApp('acme-app')] });
  const request = {
    automation: names.automation,
    parameters: { acmeKey: 'acme-value' },
    labels: { acme: 'acme-ticket' },
  };
  await until('the agent to offer its automation', async () => {
    const { body } = await hub.call('GET', `/agents/${names.agent}`, undefined, acme.viewer);
    return (body as { automations: readonly unknown[] }).automations.length > 0;
  });
  await until('the facts to be stored', async () => {
    const { status } = await hub.call('GET', `/agents/${names.agent}/facts/${names.probe}`, undefined, acme.viewer);
    return status === 200;
  });
  const findItem = (path: string) =>
    until(`${path} to be stored`, async () => {
      const { body } = await hub.call('GET', path, undefined, acme.viewer);
      return (body as { items: readonly { readonly id: string }[] }).items[0]?.id ?? null;
    });
  const inventory = { node: await findItem('/nodes'), app: await findItem('/apps') };
  const job = await make('/jobs', request, acme.operator);
  const offer = await agent.nextOffer();
  const session = await agent.openSession(offer.attempt);
  await session.next();
  const text = Buffer.from('acme-log\n');
  await session.send({ type: 'log', offset: 0, at: Date.now(), bytes: text });
  await session.next();

  const rivalAgent = await enrol('rival-agent', 'rival');
  await make('/jobs', { automation: 'rival-greet' }, rival.operator);
  const gone = await make('/tokens', { role: 'admin', account: 'acme', name: 'acme-gone' });
  await hub.call('DELETE', `/tokens/${gone.id}?account=acme`);
  const over = await make('/tokens', { role: 'admin', account: 'acme', name: 'acme-over', expiresInSeconds: 0.001 });
  const join = await make('/join-tokens', { account: 'acme', uses: 100 });
  const kept: Things = {
    job: job.id,
    agent: names.agent,
    probe: names.probe,
    ...inventory,
    token: (await make('/tokens', { role: 'viewer', account: 'acme', name: 'acme-kept' })).id,
    joinToken: join.id,
    account: 'acme',
  };

  const ask: WalkPlace['ask'] = async (method, path, { authorization, body, requestId = 'walk' }) => {
    const leaving = new AbortController();
    const response = await fetch(`${hub.address}${path}`, {
      method,
      headers: {
        ...(authorization === null ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        // As a proxy would, so that `/metrics` asks who it is for.
        via: '1.1 proxy',
        'x-request-id': requestId,
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: leaving.signal,
    });
    const shown = await readFor(response, leaving);
    const headers = [...response.headers].filter(([name]) => !varying.has(name));
    const isProblem = response.headers.get('content-type')?.includes('problem') === true;
    return {
      status: response.status,
      code: isProblem ? (JSON.parse(shown) as { code: string }).code : null,
      body: shown,
      text: `${headers.map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n${shown}`,
    };
  };

  const stackDone = stack.move();
  return {
    hub,
    acme,
    rival,
    own,
    outsiders: {
      nobody: null,
      'a token that was never made': bearer(`fhu_${'x'.repeat(43)}`),
      'a revoked token': bearer(gone.token),
      'an expired token': bearer(over.token),
      'a join token': bearer(join.token),
      "an agent's credential": `Farhand agent=${rivalAgent.id}`,
      "an agent's credential as a token": bearer(`agent=${rivalAgent.id}`),
    },
    kept,
    needles: ['acme', ...Object.values(kept), offer.attempt, agent.id],
    attempt: { id: offer.attempt, agentId: agent.id },
    rivalAgent,
    async makeThings() {
      const name = `acme-${randomUUID()}`;
      await enrol(name, 'acme');
      return {
        job: (await make('/jobs', request, acme.operator)).id,
        agent: name,
        probe: names.probe,
        ...inventory,
        token: (await make('/tokens', { role: 'viewer', account: 'acme', name })).id,
        joinToken: (await make('/join-tokens', { account: 'acme' })).id,
        account: 'acme',
      };
    },
    ask,
    async [Symbol.asyncDispose]() {
      await session.channel.close();
      await stackDone.disposeAsync();
    },
  };
}

/** The whole body, or what came of one that lasts. */
async function readFor(response: Response, leaving: AbortController): Promise<string> {
  const lasts = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const chunks: Uint8Array[] = [];
  const timer = lasts ? delay(streamMs).then(() => leaving.abort()) : null;
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk);
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  }
  await timer;
  return Buffer.concat(chunks).toString();
}

/** An agent that enrolled and was never seen again. */
async function enrolByHand(
  hub: TestHub,
  name: string,
  joinToken: string,
): Promise<{ readonly id: string; readonly key: KeyObject }> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const response = await fetch(`${hub.address}/v1/enrol`, {
    method: 'POST',
    headers: {
      authorization: bearer(joinToken),
      'content-type': 'application/json',
      ...proofOf(name, spki, privateKey),
    },
    body: JSON.stringify({ name, labels: {}, publicKey: spki }),
  });
  if (response.status !== 201) throw new Error(`enrolment: ${response.status} ${await response.text()}`);
  return { id: ((await response.json()) as { id: string }).id, key: privateKey };
}

function proofOf(name: string, publicKey: string, key: KeyObject): Record<string, string> {
  const text = `farhand-enrol-v1\n${publicKey}\n${name}`;
  return { 'farhand-proof': sign(null, Buffer.from(text), key).toString('base64') };
}
