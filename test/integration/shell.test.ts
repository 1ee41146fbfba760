import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { createPlace, farhand, startFarhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

it('jobs are run, watched, listed and cancelled from the shell, and exit codes tell how they ended', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  await using agent = await place.agent(address, client, { FARHAND_STATUS_LISTEN: '127.0.0.1:0' });
  const shell = (line: string) => farhand(line.split(' '), { environment: client });
  const password = `it's "quoted" $(id) \u{1F512}\nsecond line`;
  await writeFile(join(place.folder, 'password'), password);

  const [hello, failed, timedOut, login, refused] = await Promise.all([
    shell('run hello -p name=ada -l site=ams'),
    shell('run fail -p code=7 --json'),
    shell('run count -p to=1000 --timeout 0.5'),
    shell(`run check-login -p user=ada -s password=@${join(place.folder, 'password')} --json`),
    shell('run count -p to=many'),
  ]);

  assert.deepEqual([hello.stdout, hello.exitCode], ['hello ada from a1\n', 0]);
  const failedJob = JSON.parse(failed.stdout) as Job;
  assert.deepEqual(
    [failed.exitCode, failedJob.state, failedJob.cause, failedJob.exitCode],
    [1, 'failed', 'exit-code', 7],
  );
  assert.match(failed.stderr, /config file not found/);
  assert.equal(timedOut.exitCode, 4);
  assert.match(timedOut.stdout, /^step 1 of 1000\n/);
  const loginJob = JSON.parse(login.stdout) as Job;
  assert.deepEqual([login.exitCode, loginJob.outputs?.['user'], loginJob.log?.complete], [0, 'ada', true]);
  assert.doesNotMatch(login.stderr, /quoted|second line/);
  assert.deepEqual([refused.exitCode, refused.stdout], [2, '']);
  assert.match(refused.stderr, /\/parameters\/to/);

  await using followed = startFarhand(['run', 'count', '-p', 'to=100000'], { environment: client });
  await followed.line(/step 2 of/);
  const running = await shell('jobs --state running');
  const [id = ''] = running.stdout.split('\t');
  const cancelled = await shell(`cancel ${id}`);
  const end = await followed.ended;
  const late = await shell(`cancel ${id}`);
  const whole = await shell(`logs ${id}`);
  const stamped = await shell(`logs ${id} --timestamps`);

  assert.equal(cancelled.exitCode, 0);
  assert.equal(end.exitCode, 4);
  assert.equal(whole.stdout, end.stdout);
  assert.match(stamped.stdout, /^20\d\d-\d\d-\d\dT[\d:.]+Z step 1 of 100000\n/);
  assert.equal(late.exitCode, 2);

  const agents = JSON.parse((await shell('agents --json')).stdout);
  const status = (await (await fetch(`${await agent.ready()}/status`)).json()) as { readonly name: string };
  const ready = await fetch(`${await agent.ready()}/readyz`);
  const listed = await shell('jobs');

  assert.deepEqual([agents[0].name, agents[0].online, agents[0].labels.site], ['a1', true, 'ams']);
  assert.equal(status.name, 'a1');
  assert.equal(ready.status, 200);
  assert.equal(listed.stdout.trim().split('\n').length, 5);

  agent.kill('SIGTERM');
  hub.kill('SIGTERM');
  assert.equal((await agent.ended).exitCode, 0);
  assert.equal((await hub.ended).exitCode, 0);
  assert.match((await hub.ended).stdout, /^farhand hub ready http:\/\/127\.0\.0\.1:\d+\n$/);
});

it('Ctrl-C stops the watching and not the job', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  await using _agent = await place.agent(address, client);
  await using watching = startFarhand(['run', 'count', '-p', 'to=8'], { environment: client });
  await watching.line(/step 1 of/);

  watching.kill('SIGINT');

  const { exitCode, stderr } = await watching.ended;
  const [, id = ''] = /^job (\S+)/.exec(stderr) ?? [];
  assert.equal(exitCode, 130);
  assert.match(
    stderr,
    new RegExp(`the job goes on. .farhand logs -f ${id}. watches it again, .farhand cancel ${id}. stops it`),
  );
  const rest = await farhand(['logs', '-f', id], { environment: client });
  assert.match(rest.stdout, /step 8 of 8\ndone\n$/);
});

it('tokens made in the shell let in what they say and no more', async () => {
  await using place = await createPlace();
  const { process: hub, client } = await place.hub();
  await using _hub = hub;
  const viewer = (await farhand(['token', 'create', '--role', 'viewer'], { environment: client })).stdout.trim();
  const asViewer = { ...client, FARHAND_TOKEN: viewer };

  const looked = await farhand(['jobs', '--json'], { environment: asViewer });
  const ran = await farhand(['run', 'hello', '--queue-unknown', '-d'], { environment: asViewer });
  const unknown = await farhand(['jobs'], { environment: { ...client, FARHAND_TOKEN: 'fhu_unknown' } });

  assert.deepEqual([looked.stdout, looked.exitCode], ['[]\n', 0]);
  assert.equal(ran.exitCode, 3);
  assert.equal(unknown.exitCode, 3);
  assert.equal((await stat(join(place.folder, 'hub/admin-token'))).mode & 0o777, 0o600);
  assert.equal((await readFile(join(place.folder, 'hub/admin-token'), 'utf8')).trim(), client['FARHAND_TOKEN']);
});
