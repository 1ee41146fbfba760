import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubStatus } from '../../../protocol/hub-status.ts';
import { parse } from '../../../protocol/parse.ts';
import { chromium, openBrowser } from '../../support/browser.ts';
import { type FakeAgent, startFakeAgent } from '../../support/fake-agent.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { until } from '../../support/until.ts';
import { startApi } from '../api/api-harness.ts';

checkLeaks();

async function makeToken(hub: TestHub, role: string, account = 'default'): Promise<string> {
  const { body } = await hub.call('POST', '/tokens', { role, account, name: role });
  return (body as { readonly token: string }).token;
}

async function ask(hub: TestHub, token: string): Promise<HubStatus> {
  const answer = await fetch(`${hub.address}/status`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  return parse(HubStatus, await answer.json(), 'status of a hub');
}

/** Two agents of one slot: `busy` has a job, `other` offers something else; and one that has left. */
async function crowd(hub: TestHub): Promise<readonly FakeAgent[]> {
  const joinToken = await hub.joinToken();
  const start = (name: string, automations?: readonly string[]) =>
    startFakeAgent({ hub: hub.address, joinToken, name, ...(automations === undefined ? {} : { automations }) });
  const busy = await start('busy');
  const other = await start('other', ['else']);
  const gone = await start('gone');
  await until('the reports', async () => {
    for (const name of ['busy', 'other', 'gone']) if ((await hub.agent(name)).slots.total === 0) return false;
    return true;
  });
  await gone.hangUp();
  await until('the agent to be offline', async () => !(await hub.agent('gone')).online);
  await hub.submit({ automation: 'greet' });
  await busy.nextOffer();
  return [busy, other, gone];
}

async function leave(agents: readonly FakeAgent[]): Promise<void> {
  for (const agent of agents) await agent[Symbol.asyncDispose]();
}

describe('the status of a hub', () => {
  it('says why jobs wait: how many for which reason, what they ask for, and who is nearest', async () => {
    await using hub = await startTestHub();
    const agents = await crowd(hub);
    const admin = await makeToken(hub, 'admin');
    const first = await hub.submit({ automation: 'greet' });
    await hub.submit({ automation: 'greet', priority: 5 });
    await hub.submit({ automation: 'greet', selector: 'site=mars' });

    const { waiting, jobs, agents: seen, notReady, lastOfferAt } = await ask(hub, admin);
    await leave(agents);

    assert.deepEqual(jobs, { queued: 3, offered: 1, running: 0 });
    assert.deepEqual(
      waiting.reasons.map(({ reason, jobs: count, needsSomebody }) => [reason, count, needsSomebody]),
      [
        ['slots', 2, false],
        ['labels', 1, true],
      ],
    );
    assert.deepEqual(
      waiting.groups.map(({ selector, jobs: count, reason, nearestAgents }) => [
        selector,
        count,
        reason,
        nearestAgents,
      ]),
      [
        ['', 2, 'slots', ['busy']],
        ['site=mars', 1, 'labels', ['busy', 'other', 'gone']],
      ],
    );
    assert.equal(waiting.groups[0]?.oldestJob, first.id);
    assert.deepEqual(waiting.groups[0]?.agents, [
      { reason: 'slots', agents: 1 },
      { reason: 'offline', agents: 1 },
      { reason: 'automation', agents: 1 },
    ]);
    assert.deepEqual([seen.online, seen.offline, seen.full], [2, 1, 1]);
    assert.deepEqual(
      seen.troubled.map(({ name, state }) => [name, state]),
      [['gone', 'offline']],
    );
    assert.equal(notReady, null);
    assert.notEqual(lastOfferAt, null);
  });

  it('tells jobs that no agent is there for from those that an account has none for at all', async () => {
    await using hub = await startTestHub();
    const admin = await makeToken(hub, 'admin');
    await hub.submit({ automation: 'greet' });

    const { waiting } = await ask(hub, admin);

    assert.deepEqual(
      waiting.reasons.map(({ reason, jobs }) => [reason, jobs]),
      [['no-agent', 1]],
    );
  });

  it('shows every loop of the hub', async () => {
    await using hub = await startTestHub();
    const admin = await makeToken(hub, 'admin');

    const { loops } = await until('all chores to wait', async () => {
      const status = await ask(hub, admin);
      return status.loops.every(({ doing }) => doing !== 'not begun') ? status : null;
    });

    assert.deepEqual(loops.map(({ name }) => name).toSorted(), [
      'accepting',
      'chore: close corrections',
      'chore: count nodes and apps',
      'chore: expire jobs',
      'chore: find lost attempts',
      'chore: look whether the disk has room again',
      'chore: remove what is kept no longer',
      'chore: renew leases',
      'chore: tell commits',
      'chore: tell what waits',
      'control channels',
      'inventory',
      'logs',
      'offer time-outs',
      'readers',
      'scheduler',
      'sessions',
      'store',
    ]);
    assert.deepEqual(
      loops.filter(({ failures, isStuck }) => failures > 0 || isStuck),
      [],
    );
    assert.ok(loops.some(({ name, turns }) => name === 'store' && turns > 0));
  });

  it('is for tokens of the hub’s own account, and names to each what its role and account may see', async () => {
    await using hub = await startTestHub();
    const foreign = await makeToken(hub, 'admin', 'other');
    const operator = await hub.tokenFor('other');
    await hub.submit({ automation: 'very-secret-name' }, operator);
    await hub.submit({ automation: 'own' });
    const statusOf = async (headers: Record<string, string>) => {
      const answer = await fetch(`${hub.address}/status`, { headers });
      await answer.arrayBuffer();
      return [answer.status, answer.headers.get('www-authenticate')];
    };
    const toBasic = (token: string) => `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`;
    const admin = await makeToken(hub, 'admin');
    const viewer = await makeToken(hub, 'viewer');

    const all = await ask(hub, admin);
    const own = await ask(hub, viewer);

    assert.deepEqual(await statusOf({}), [401, 'Bearer']);
    assert.match(String((await statusOf({ accept: 'text/html' }))[1]), /^Basic realm=/);
    assert.equal((await statusOf({ authorization: 'Bearer wrong' }))[0], 401);
    assert.equal((await statusOf({ authorization: toBasic('wrong') }))[0], 401);
    assert.equal((await statusOf({ authorization: `Bearer ${foreign}` }))[0], 403);
    assert.equal((await statusOf({ authorization: toBasic(viewer) }))[0], 200);
    const names = ({ waiting }: HubStatus) => waiting.groups.map(({ automation }) => automation).toSorted();
    assert.deepEqual(names(all), ['own', 'very-secret-name']);
    assert.deepEqual(names(own), ['own']);
    assert.deepEqual(own.waiting.reasons, all.waiting.reasons);
    assert.doesNotMatch(JSON.stringify(own), /very-secret-name/);
  });

  it('has its password nowhere but at the status: the API takes no Basic', async () => {
    await using api = await startApi();
    const authorization = `Basic ${Buffer.from(`x:${api.tokens.admin}`).toString('base64')}`;

    assert.equal((await api.call('/status', { token: null, headers: { authorization } })).status, 200);
    assert.equal((await api.call('/api/v1/jobs', { token: null, headers: { authorization } })).status, 401);
  });

  it('is a page for a browser, in which what others wrote is text', async () => {
    await using hub = await startTestHub();
    const joinToken = await hub.joinToken();
    const admin = await makeToken(hub, 'admin');
    const agent = await startFakeAgent({ hub: hub.address, joinToken, name: 'a1' });
    agent.report({ health: { state: 'degraded', problems: ['<img src=x onerror=alert(1)>'] } });
    await until('the report', async () => (await hub.agent('a1')).health?.state === 'degraded');

    const answer = await fetch(`${hub.address}/status`, {
      headers: { authorization: `Bearer ${admin}`, accept: 'text/html,*/*;q=0.8' },
    });
    const html = await answer.text();
    await leave([agent]);

    assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'unsafe-inline'/);
    assert.match(html, /&lt;img src=x onerror=alert\(1\)&gt;/);
    assert.doesNotMatch(html, /<script|<img|https?:\/\/|url\(|@import/);
  });

  it('is as wide as a narrow screen, and loads nothing', {
    skip: chromium === undefined ? 'no Chromium is installed' : false,
  }, async () => {
    await using hub = await startTestHub();
    const agents = await crowd(hub);
    const admin = await makeToken(hub, 'admin');
    for (const selector of ['', `site in (${'a'.repeat(60)},${'b'.repeat(60)})`, 'farhand.io/agent=gone'])
      await hub.submit({ automation: 'greet', selector });
    await using page = await openBrowser(chromium ?? '', { width: 360, height: 740 });

    const asked = hub.address.replace('//', `//x:${admin}@`);
    await page.open(`${asked}/status`);
    const widths = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    const tooWide = await page.evaluate(widths);
    const heading = await page.evaluate(`document.querySelector('h1').textContent`);
    await leave(agents);

    assert.equal(heading, 'farhand hub');
    assert.equal(tooWide, 0);
    assert.deepEqual([...new Set(page.asked.map((url) => new URL(url).pathname))], ['/status']);
    assert.deepEqual(page.complaints, []);
  });
});
