import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlace } from '../support/farhand-process.ts';
import { createHubApi } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';

checkLeaks();

describe('quotas of an account', () => {
  it('hold jobs until others are over, and refuse new ones over stored logs without cutting what runs', async () => {
    await using place = await createPlace();
    const hub = await place.hub({ FARHAND_MAX_RUNNING_JOBS: '1' });
    await using _hub = hub.process;
    await using _agent = await place.agent(hub.address, hub.client, { FARHAND_SLOTS: '4' });
    const api = createHubApi(hub.address, hub.client['FARHAND_TOKEN'] ?? '');
    await api.takesWork('a1');
    const run = (...args: readonly string[]) => runCommand(args, { environment: hub.client });
    const sleeping = await api.submit({ automation: 'count', parameters: { to: 600 } });
    await api.jobWhen(sleeping.id, 'running', ({ state }) => state === 'running');

    const waiting = await api.submit({ automation: 'hello' });
    const held = await api.jobWhen(waiting.id, 'held', ({ waiting: why }) => why[0]?.reason === 'quota');
    const shown = await run('jobs', waiting.id);
    const set = await run('accounts', 'set', 'default', '--running', 'unlimited');
    const ended = await api.end(waiting.id);
    const none = await run('accounts', 'set', 'default', '--log-bytes', '1');
    const refused = await run('run', 'hello', '--detach');
    const table = await run('accounts');
    await api.cancel(sleeping.id);
    const cut = await api.end(sleeping.id);
    const json = JSON.parse((await run('accounts', 'default', '--json')).stdout);

    assert.deepEqual(held.waitingReasons, [{ reason: 'quota', agents: 1 }]);
    assert.match(shown.stdout, /as many jobs on agents as its quota allows/);
    assert.deepEqual([set.exitCode, none.exitCode], [0, 0]);
    assert.equal(ended.state, 'succeeded');
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /the logs of this account take \d+ bytes, and it may have 1 \(quotas\.logBytes\)/);
    assert.match(table.stdout, /^default\t0 \/ 100000\t1 \/ any\t\d+ bytes \/ 1 bytes$/m);
    assert.deepEqual([cut.state, cut.log?.complete], ['cancelled', true]);
    assert.deepEqual(json.quotas, { queuedJobs: null, runningJobs: 'unlimited', logBytes: 1 });
    assert.equal(json.usage.logBytes, (ended.log?.bytes ?? 0) + (cut.log?.bytes ?? 0));
    assert.equal(json.usage.runningJobs, 0);
  });

  it('are set with words that say what they mean', async () => {
    const bad = await runCommand(['accounts', 'set', 'red', '--running', 'many']);
    const nothing = await runCommand(['accounts', 'set', 'red']);

    assert.deepEqual([bad.exitCode, nothing.exitCode], [2, 2]);
    assert.match(bad.stderr, /Expected a whole number from 0 to 1000000000, unlimited or default/);
    assert.match(nothing.stderr, /expected one of --queued, --running and --log-bytes/);
  });
});
