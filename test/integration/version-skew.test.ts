import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Facts } from '../../protocol/facts.ts';
import { version } from '../../runtime/version.ts';
import { farhand } from '../support/farhand-process.ts';
import { createFaultPlace, type FaultAgent, type FaultPlace } from '../support/fault-place.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createFuture, createPast } from '../support/other-versions.ts';
import { startTranslator, type Translation, type Translator } from '../support/translator.ts';
import { until } from '../support/until.ts';

checkLeaks({ settleMs: 15_000 });

const [major = 0, minor = 0] = version.split('.').map(Number);
const next = `${major}.${minor + 1}.0`;
const before = `${major}.${minor - 1}.9`;

const probe = 'kind: probe\nintervalSeconds: 60\ndescription: what there is\nscript: |\n  echo \'{"disk": 7}\'\n';

/** A real hub and a real agent, each of which takes the other for one of another version. */
async function joinOver(
  place: FaultPlace,
  translation: Translation,
): Promise<{ readonly agent: FaultAgent; readonly translator: Translator }> {
  await writeFile(join(place.folder, 'automations/found.yaml'), probe);
  await place.hub.start();
  const translator = await startTranslator(Number(new URL(place.address).port), translation);
  const agent = await place.addAgent('other', {
    FARHAND_HUB_URL: `ws://127.0.0.1:${translator.port}`,
    FARHAND_PROBES: 'none',
  });
  await agent.start();
  await place.api.takesWork('other');
  return { agent, translator };
}

/** What has to hold whichever version the other side is. */
async function liveThrough(place: FaultPlace, agent: FaultAgent): Promise<void> {
  const { api } = place;
  const run = 'say one; echo "$FARHAND_SECRET_WORD"; echo \'{"n": 1}\' >"$FARHAND_OUTPUTS"; wait_for adopted; say two';
  const kept = await api.submit({ automation: 'job', parameters: { run }, secrets: { WORD: 'sesame-open' } });
  await api.jobWhen(kept.id, 'printing', ({ log }) => (log?.bytes ?? 0) > 0);

  await agent.kill('SIGKILL');
  await agent.start();
  await api.takesWork('other');
  const endless = await api.submit({ automation: 'job', parameters: { run: 'wait_for never' } });
  await api.jobWhen(endless.id, 'running', ({ startedAt }) => startedAt !== null);
  assert.equal(await api.cancel(endless.id), 202);
  const failing = await api.submit({ automation: 'job', parameters: { run: 'say no; exit 3' } });
  await place.open('adopted');

  const [succeeded, cancelled, failed] = await Promise.all([kept, endless, failing].map(({ id }) => api.end(id)));
  assert.deepEqual(
    [succeeded?.state, succeeded?.attempt, succeeded?.outputs, succeeded?.log?.complete],
    ['succeeded', 1, { n: 1 }, true],
  );
  assert.equal(String(await api.log(kept.id)), 'one\n***\ntwo\n');
  assert.equal(cancelled?.state, 'cancelled');
  assert.deepEqual([failed?.state, failed?.exitCode, failed?.log?.complete], ['failed', 3, true]);
  assert.equal(await place.ledger.starts(kept.id), 1);
  await until('the facts', async () => {
    const { status, body } = await api.call('GET', '/agents/other/facts/found');
    return status === 200 && (JSON.parse(String(body)) as Facts).facts?.['disk'] === 7;
  });
}

async function showAgent(place: FaultPlace): Promise<string> {
  const environment = { FARHAND_HUB_URL: place.address, FARHAND_TOKEN: place.adminToken };
  const { stdout, exitCode } = await farhand(['agents', 'other'], { environment });
  assert.equal(exitCode, 0);
  return stdout;
}

describe('a hub and an agent of different versions', () => {
  it('work together where each takes the other for one of the next version, with words that it does not know', async () => {
    await using place = await createFaultPlace();
    const { agent, translator } = await joinOver(place, createFuture(next));
    await using _translator = translator;

    await liveThrough(place, agent);

    const limited = await place.api.submit({ automation: 'short-log-job', parameters: { run: 'yes | head -c 90000' } });
    const ended = await place.api.end(limited.id);
    assert.deepEqual([ended.state, ended.cause, ended.started], ['failed', 'unknown', true]);
    assert.match(ended.message ?? '', /log/);
    const shown = await showAgent(place);
    assert.match(shown, new RegExp(`^version: +${next.replaceAll('.', '\\.')}$`, 'm'));
    assert.match(shown, /^health: +degraded$/m);
    assert.ok(translator.translated.event > 10 && translator.translated.frame > 10);
  });

  it('work together where neither says more than it must', async () => {
    await using place = await createFaultPlace();
    const { agent, translator } = await joinOver(place, createPast(before));
    await using _translator = translator;

    await liveThrough(place, agent);

    assert.match(await showAgent(place), new RegExp(`^version: +${before.replaceAll('.', '\\.')}$`, 'm'));
  });

  it('do nothing together where they have no protocol in common, and say so', async () => {
    await using place = await createFaultPlace();
    await place.hub.start();
    const foreign: Translation = {
      ...createPast(before),
      event: (message) => {
        const data = message['data'] as Readonly<Record<string, unknown>> | undefined;
        return [data?.['protocols'] === undefined ? message : { ...message, data: { ...data, protocols: [7] } }];
      },
    };
    await using translator = await startTranslator(Number(new URL(place.address).port), foreign);
    const agent = await place.addAgent('other', { FARHAND_HUB_URL: `ws://127.0.0.1:${translator.port}` });

    agent.launch();

    // The agent speaks first, so it is the hub that says it to both.
    await agent.said(/speaks protocol 7, this hub speaks 1: bring the older one up to date/);
    await place.hub.said(/speaks protocol 7, this hub speaks 1/);
    const { health, automations } = await place.api.agent('other');
    assert.deepEqual([health, automations], [null, []]);
  });
});
