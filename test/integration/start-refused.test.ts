import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { createPlace, farhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

it('a mistake in the configuration stops a process with exit code 2 and everything that is wrong', async () => {
  const hub = await farhand(['hub', '--listen', 'nowhere'], {
    environment: { FARHAND_LOST_AFTER_SECONDS: '-1', FARHAND_DTAA: 'x' },
  });
  const agent = await farhand(['agent'], { environment: { FARHAND_SLOTS: 'many' } });

  assert.deepEqual([hub.exitCode, hub.stdout], [2, '']);
  assert.match(hub.stderr, /--listen \(FARHAND_LISTEN\): expected host:port, .* got "nowhere"/);
  assert.match(hub.stderr, /FARHAND_LOST_AFTER_SECONDS: expected seconds/);
  assert.match(hub.stderr, /FARHAND_DTAA is set, but nothing reads it; did you mean FARHAND_DATA\?/);
  assert.equal(agent.exitCode, 2);
  assert.match(agent.stderr, /FARHAND_SLOTS: expected a whole number/);
});

it('a second process on a data folder, or on a port, is turned away in words', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  await using _agent = await place.agent(address, client);

  const sameFolder = await farhand(['hub'], {
    environment: { FARHAND_LISTEN: '127.0.0.1:0', FARHAND_DATA: join(place.folder, 'hub') },
  });
  const samePort = await farhand(['hub'], {
    environment: { FARHAND_LISTEN: new URL(address).host, FARHAND_DATA: join(place.folder, 'hub2') },
  });
  const sameAgent = await farhand(['agent'], {
    environment: { FARHAND_HUB_URL: address.replace('http', 'ws'), FARHAND_DATA: join(place.folder, 'agent') },
  });

  assert.equal(sameFolder.exitCode, 2);
  assert.match(sameFolder.stderr, /another .*process/);
  assert.equal(samePort.exitCode, 2);
  assert.match(samePort.stderr, /is taken by another program\n {2}Is one running already\?/);
  assert.equal(sameAgent.exitCode, 2);
  assert.match(sameAgent.stderr, /belongs to another running farhand process/);
});

it('an agent whose token the hub does not take says so and exits with 3; without a token it says what it needs', async () => {
  await using place = await createPlace();
  const { process: hub, address } = await place.hub();
  await using _hub = hub;
  const environment = { FARHAND_HUB_URL: address.replace('http', 'ws'), FARHAND_DATA: join(place.folder, 'agent') };

  const refused = await farhand(['agent'], { environment: { ...environment, FARHAND_JOIN_TOKEN: 'fhj_wrong' } });
  const without = await farhand(['agent'], { environment });

  assert.equal(refused.exitCode, 3);
  assert.match(refused.stderr, /refused to enrol this agent.*\n {2}A new token: `farhand token create --join`/);
  assert.doesNotMatch(refused.stderr, /fhj_wrong|FARHAND_NAME/);
  assert.equal(without.exitCode, 2);
  assert.match(without.stderr, /expected a join token \(FARHAND_JOIN_TOKEN\)/);
});

it('an agent under the name of another is told to take another name, not another token', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  await using _agent = await place.agent(address, client, { FARHAND_NAME: 'taken' });
  const { stdout: joinToken } = await farhand(['token', 'create', '--join'], { environment: client });

  const refused = await farhand(['agent', '--name', 'taken'], {
    environment: {
      FARHAND_HUB_URL: address.replace('http', 'ws'),
      FARHAND_DATA: join(place.folder, 'other'),
      FARHAND_JOIN_TOKEN: joinToken.trim(),
    },
  });

  assert.equal(refused.exitCode, 3);
  assert.match(refused.stderr, /\(409\): .*give this one another name\. Check FARHAND_NAME/);
  assert.match(refused.stderr, /\n {2}The names that are taken: `farhand agents`/);
  assert.doesNotMatch(refused.stderr, /token create/);
});
