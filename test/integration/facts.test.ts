import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname, release } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Agent } from '../../protocol/agent.ts';
import type { Facts } from '../../protocol/facts.ts';
import { createPlace, type Environment, farhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks({ settleMs: 8_000 });

/** Null while the hub has no such thing. */
async function ask<T>(client: Environment, path: string): Promise<T | null> {
  const answer = await fetch(`${client['FARHAND_HUB_URL']}/api/v1${path}`, {
    headers: { authorization: `Bearer ${client['FARHAND_TOKEN']}` },
  });
  const body = (await answer.json()) as T;
  return answer.ok ? body : null;
}

it('an agent with nothing configured tells what host it is on, and goes on telling after the hub was killed', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using agent = await place.agent(address, client, {
    FARHAND_PROBES: 'shipped',
    FARHAND_AUTOMATIONS: join(place.folder, 'nowhere'),
  });
  const shell = (line: string) => farhand(line.split(' '), { environment: client });
  const factsOf = (probe: string) => ask<Facts>(client, `/agents/a1/facts/${probe}`);

  const host = await until('facts of the host', () => factsOf('host'));
  const listening = await until('facts of what listens', () => factsOf('listening'));
  const [overview, history, run] = await Promise.all(['facts', 'facts a1 host --history', 'run host'].map(shell));

  assert.equal(host.facts?.['hostname'], hostname());
  assert.deepEqual(host.facts?.['kernel'], { name: 'Linux', release: release() });
  assert.deepEqual([host.error, host.gone], [null, false]);
  const { port } = new URL(address);
  assert.ok(JSON.stringify(listening.facts).includes(`"port":${port},"program":"node"`));
  assert.match(overview?.stdout ?? '', /^a1\thost\tok\t.*\na1\tlistening\tok\t.*\n$/);
  assert.match(history?.stdout ?? '', /^1\t\S+\t.*hostname/);
  assert.deepEqual([run?.exitCode, run?.stdout], [2, '']);
  assert.match(run?.stderr ?? '', /host is a probe/);

  hub.kill('SIGKILL');
  await hub.ended;
  const { process: again } = await place.hub();
  await using _again = again;
  const kept = await until('the agent to be back', async () => {
    const told = await ask<Agent>(client, '/agents/a1');
    return told?.online === true ? factsOf('host') : null;
  });
  assert.equal(kept.changedAt, host.changedAt);
  agent.kill('SIGTERM');
  await agent.ended;
  assert.equal((await factsOf('host'))?.facts?.['hostname'], hostname());
  again.kill('SIGTERM');
  await again.ended;
});

it('a probe of the automations folder has its facts on the hub, and is marked when it is gone', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  const automations = join(place.folder, 'automations');
  await mkdir(automations);
  const write = (version: number) =>
    writeFile(
      join(automations, 'app.yaml'),
      `kind: probe\nrun: ["printf", '{"version": ${version}}']\njitterSeconds: 0\n`,
    );
  await write(1);
  await using agent = await place.agent(address, client, { FARHAND_AUTOMATIONS: automations });
  const facts = () => ask<Facts>(client, '/agents/a1/facts/app');

  const first = await until('the first facts', facts);
  await write(2);
  agent.kill('SIGHUP');
  const second = await until('the second facts', async () => {
    const now = await facts();
    return now?.facts?.['version'] === 2 ? now : null;
  });
  await writeFile(join(automations, 'app.yaml'), 'run: ["true"]\n');
  agent.kill('SIGHUP');
  const gone = await until('the probe to be gone', async () => {
    const now = await facts();
    return now?.gone === true ? now : null;
  });

  assert.deepEqual([first.facts, first.gone], [{ version: 1 }, false]);
  assert.notEqual(second.digest, first.digest);
  assert.deepEqual(gone.facts, { version: 2 });
  agent.kill('SIGTERM');
  await agent.ended;
  hub.kill('SIGTERM');
  await hub.ended;
});
