import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { farhand, startFarhand } from '../support/farhand-process.ts';
import { createFaultPlace, type FaultPlace } from '../support/fault-place.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

checkLeaks();

const script = (run: string) => ({ automation: 'job', parameters: { run } });

async function openPlace(): Promise<FaultPlace> {
  const place = await createFaultPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork('a1');
  return place;
}

const backUp = (place: FaultPlace, file: string, ...more: string[]) =>
  farhand(['backup', file, '--data', place.hubData, ...more]);

function leftovers(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.farhand-backup-'));
}

describe('farhand backup and farhand restore', () => {
  it('copy a hub that runs; the copy has another store, and every log that ended', async () => {
    await using place = await openPlace();
    const ended = await place.api.end((await place.api.submit(script('say one; say two'))).id);
    const running = await place.api.submit(script('say up; wait_for late; say done'));
    await until('the job to be up', async () => (await place.api.log(running.id)).length > 0);
    const file = join(place.folder, 'backup.tar');
    const restoredData = join(place.folder, 'restored');

    const made = await backUp(place, file);
    const verified = await farhand(['backup', 'verify', file]);
    const restored = await farhand(['restore', file, '--data', restoredData]);
    const listed = execFileSync('tar', ['tf', file]).toString().trim().split('\n');
    await place.open('late');
    await place.api.end(running.id);
    await place.hub.kill();
    await place.hub.start({ FARHAND_DATA: restoredData });
    const after = [await place.api.job(ended.id), await place.api.job(running.id)];

    assert.deepEqual([made.exitCode, verified.exitCode, restored.exitCode], [0, 0, 0], made.stderr + restored.stderr);
    assert.equal(made.stdout, `${file}\n`);
    assert.match(verified.stdout, /^whole: .* 2 logs/);
    assert.match(restored.stdout, /1 ran or were being given.*0 waited[\s\S]*farhand agent trust-hub \(a1\)/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(listed.slice(0, 3), [
      'farhand-backup/manifest.json',
      'farhand-backup/hub.sqlite',
      'farhand-backup/secret-key',
    ]);
    assert.equal(listed.at(-1), 'farhand-backup/seal.json');
    assert.deepEqual(leftovers(place.folder), []);
    assert.deepEqual(after[0], ended);
    await place.ledger.check(ended, place.api);
    assert.equal(after[1]?.state, 'running');
    const storeIds = [place.hubData, restoredData].map((folder) => {
      using database = new DatabaseSync(join(folder, 'hub.sqlite'), { readOnly: true });
      return database.prepare('select store_id from meta').get()?.['store_id'];
    });
    assert.notEqual(storeIds[0], storeIds[1]);
    assert.equal(
      readFileSync(join(restoredData, 'secret-key'), 'utf8'),
      readFileSync(join(place.hubData, 'secret-key'), 'utf8'),
    );
  });

  it('write over nothing, and take only what is whole', async () => {
    await using place = await openPlace();
    await place.api.end((await place.api.submit(script('say one'))).id);
    await place.hub.kill();
    const file = join(place.folder, 'backup.tar');
    const at = (name: string) => join(place.folder, name);
    await backUp(place, file);
    const bytes = readFileSync(file);
    writeFileSync(at('cut.tar'), bytes.subarray(0, bytes.length - 5_000));
    const flipped = Buffer.from(bytes);
    flipped[100_000] = (flipped[100_000] ?? 0) ^ 1;
    writeFileSync(at('flipped.tar'), flipped);
    writeFileSync(at('other.tar'), 'something else');
    const newer = Buffer.from(bytes.toString('latin1').replace('"format": 1', '"format": 9'), 'latin1');
    writeFileSync(at('newer.tar'), newer);
    mkdirSync(at('used'));
    writeFileSync(at('used/mine'), '');
    const restoreTo = (data: string, from = file) => farhand(['restore', from, '--data', data]);

    const again = await backUp(place, file);
    const nowhere = await farhand(['backup', at('x.tar'), '--data', at('no-hub')]);
    const overHub = await restoreTo(place.hubData);
    const overMine = await restoreTo(at('used'));
    const damaged = await Promise.all(
      ['cut', 'flipped', 'other'].map((name) => restoreTo(at(name), at(`${name}.tar`))),
    );
    const verdicts = await Promise.all(
      ['cut', 'flipped', 'other'].map((name) => farhand(['backup', 'verify', at(`${name}.tar`)])),
    );
    const ofNewer = await restoreTo(at('n'), at('newer.tar'));

    assert.deepEqual([again.exitCode, nowhere.exitCode, overHub.exitCode, overMine.exitCode], [2, 2, 2, 2]);
    assert.match(again.stderr, /is there already/);
    assert.match(nowhere.stderr, /expected the data folder of a hub/);
    assert.match(overHub.stderr, /the data of a hub in it/);
    assert.match(overMine.stderr, /it has mine in it/);
    assert.deepEqual(readFileSync(file), bytes);
    for (const { exitCode, stderr } of [...damaged, ...verdicts]) {
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, /not a whole backup|expected the header|in the middle of the backup|cannot be read/);
    }
    for (const name of ['cut', 'flipped', 'other']) assert.equal(existsSync(at(`${name}/hub.sqlite`)), false);
    assert.equal(ofNewer.exitCode, 2);
    assert.match(ofNewer.stderr, /format 9, and this farhand knows 1/);
  });

  it('refuse a store of a newer farhand', async () => {
    await using place = await openPlace();
    await place.hub.kill();
    {
      using database = new DatabaseSync(join(place.hubData, 'hub.sqlite'));
      database.exec('pragma user_version = 99');
    }

    const made = await backUp(place, join(place.folder, 'backup.tar'));

    assert.equal(made.exitCode, 2);
    assert.match(made.stderr, /schema 99, and this farhand knows/);
    assert.deepEqual(leftovers(place.folder), []);
  });

  it('tell of a log that the disk does not have as the store says', async () => {
    await using place = await openPlace();
    const { id } = await place.api.end((await place.api.submit(script('say one'))).id);
    const logs = join(place.hubData, 'logs');
    const [folder = ''] = readdirSync(logs);
    const [log = ''] = readdirSync(join(logs, folder)).filter((name) => name.endsWith('.log'));
    writeFileSync(join(logs, folder, log), 'o');
    const file = join(place.folder, 'backup.tar');

    const made = await backUp(place, file, '--json');
    const verified = await farhand(['backup', 'verify', file]);
    const restored = await farhand(['restore', file, '--data', join(place.folder, 'restored')]);

    assert.deepEqual([made.exitCode, verified.exitCode, restored.exitCode], [0, 1, 0], id);
    assert.deepEqual(JSON.parse(made.stdout).damagedLogs, [log.slice(0, -'.log'.length)]);
    assert.match(verified.stderr, /1 of its logs are not what its store says/);
  });

  it('leave out the key on demand, and cancel what waited on demand', async () => {
    await using place = await createFaultPlace();
    await place.hub.start();
    const waiting = await place.api.submit(script('say one'));
    const file = join(place.folder, 'backup.tar');
    const restoredData = join(place.folder, 'restored');

    await backUp(place, file, '--without-secret-key');
    const restored = await farhand(['restore', file, '--data', restoredData, '--cancel-queued']);
    const hasKey = existsSync(join(restoredData, 'secret-key'));
    await place.hub.kill();
    await place.hub.start({ FARHAND_DATA: restoredData });
    const job = await place.api.job(waiting.id);

    assert.match(restored.stdout, /1 waited and are cancelled[\s\S]*has no key/);
    assert.equal(hasKey, false);
    assert.deepEqual([job.state, job.started], ['cancelled', 'unknown']);
  });

  it('make several backups at once, into a folder too', async () => {
    await using place = await openPlace();
    await place.api.end((await place.api.submit(script('say one'))).id);
    const folder = join(place.folder, 'backups');
    mkdirSync(folder);

    const made = await Promise.all(['a.tar', 'b.tar', ''].map((name) => backUp(place, join(folder, name))));
    const verdicts = await Promise.all(
      readdirSync(folder).map((name) => farhand(['backup', 'verify', join(folder, name)])),
    );

    assert.deepEqual(
      made.map(({ exitCode }) => exitCode),
      [0, 0, 0],
    );
    assert.equal(verdicts.length, 3);
    for (const { exitCode, stderr } of verdicts) assert.equal(exitCode, 0, stderr);
    assert.match(readdirSync(folder).join(' '), /farhand-\d{8}T\d{6}\.\d{3}Z\.tar/);
  });

  it('on a full disk keep nothing, and say so', async (t) => {
    await using place = await openPlace();
    await place.api.end((await place.api.submit(script('head -c 3000000 /dev/zero | tr "\\0" x'))).id);
    using disk = mountSmallDisk(join(place.folder, 'small'), '2m');
    if (disk === null) {
      t.skip('this process may not mount');
      return;
    }

    const made = await backUp(place, join(disk.folder, 'backup.tar'));

    assert.equal(made.exitCode, 1);
    assert.match(made.stderr, /no room left/);
    assert.deepEqual(readdirSync(disk.folder), []);
  });

  it('killed in the middle leave nothing that looks whole, and what they left goes with the next one', async () => {
    await using place = await openPlace();
    await place.api.end((await place.api.submit(script('head -c 60000000 /dev/zero | tr "\\0" x'))).id);
    const file = join(place.folder, 'backup.tar');
    const restoredData = join(place.folder, 'restored');

    await using dying = startFarhand(['backup', file, '--data', place.hubData]);
    await until('the archive to grow', async () =>
      leftovers(place.folder).some((name) => existsSync(join(place.folder, name, 'backup.tar'))),
    );
    dying.kill('SIGKILL');
    await dying.ended;
    const afterKill = { isThere: existsSync(file), left: leftovers(place.folder).length };
    const made = await backUp(place, file);
    const afterNext = leftovers(place.folder);

    await using restoring = startFarhand(['restore', file, '--data', restoredData]);
    await until('the log to come', async () => existsSync(join(restoredData, 'logs')));
    restoring.kill('SIGKILL');
    await restoring.ended;
    const hub = await farhand(['hub', '--data', restoredData, '--listen', '127.0.0.1:0']);
    const restored = await farhand(['restore', file, '--data', restoredData]);

    assert.deepEqual(afterKill, { isThere: false, left: 1 });
    assert.equal(made.exitCode, 0, made.stderr);
    assert.deepEqual(afterNext, []);
    assert.equal(hub.exitCode, 2);
    assert.match(hub.stderr, /a restore that did not get to its end/);
    assert.equal(restored.exitCode, 0, restored.stderr);
    assert.deepEqual(
      readdirSync(restoredData).filter((name) => !name.startsWith('owner.lock')),
      ['hub.sqlite', 'logs', 'secret-key'],
    );
  });

  it('interrupted by a person keep nothing', async () => {
    await using place = await openPlace();
    await place.api.end((await place.api.submit(script('head -c 60000000 /dev/zero | tr "\\0" x'))).id);
    for (let count = 0; count < 200; count++) await place.api.submit(script('say one'));
    const file = join(place.folder, 'backup.tar');

    await using leaving = startFarhand(['backup', file, '--data', place.hubData]);
    await until('the backup to begin', async () => leftovers(place.folder).length > 0);
    leaving.kill('SIGINT');
    const { exitCode } = await leaving.ended;

    // It may have been done by the time that the signal came.
    assert.ok(exitCode === 130 || (exitCode === 0 && existsSync(file)), `exit code ${exitCode}`);
    assert.deepEqual(leftovers(place.folder), []);
  });
});
