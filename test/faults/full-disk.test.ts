import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

checkLeaks();

const script = (run: string) => ({ automation: 'job', parameters: { run } });
/** 5 MB in pieces, with the status of the last one that was written. */
const printMuch = 'i=0; while [ $i -lt 80 ]; do head -c 65536 /dev/zero; i=$((i+1)); done';

function mountOrSkip(t: TestContext, folder: string, size: string): SmallDisk | null {
  const disk = mountSmallDisk(folder, size);
  if (disk === null) t.skip('this process may not mount a file system of its own');
  return disk;
}

faultTest(
  {
    broken: "agent's disk, full",
    when: 'a job prints 5 MB to a disk of 1 MB',
    outcome: 'it fails as spool-full with the gap told, and the agent takes later jobs',
  },
  async ({ createPlace, note, t }) => {
    await using place = await createPlace();
    using disk = mountOrSkip(t, join(place.folder, 'disk'), '1m');
    if (disk === null) return;
    await place.hub.start();
    const agent = await place.addAgent('a1', { FARHAND_DATA: join(disk.folder, 'a1') });
    await agent.start();

    const ends = [];
    for (const run of [printMuch, `(${printMuch}) || :; exit 0`, `say begin; ${printMuch} 2>&1 | cat; exit 0`]) {
      const { id } = await place.api.submit(script(run));
      const end = await place.api.end(id);
      ends.push(end);
      assert.equal(end.state, 'failed', JSON.stringify(end));
      assert.match(end.cause ?? '', /^(spool-full|log-limit)$/);
      assert.equal(end.log?.complete, false);
      assert.ok((end.log?.gaps.length ?? 0) > 0);
      assert.ok((await place.ledger.starts(id)) <= 1);
      const later = await place.api.submit(script('say later'));
      const laterEnd = await place.api.end(later.id);
      assert.equal(laterEnd.state, 'succeeded');
      await place.ledger.check(laterEnd, place.api);
    }
    assert.ok(agent.isUp);
    await agent.kill();
    await agent.start();
    await place.api.takesWork('a1');
    note(ends.map(({ cause, log }) => `${cause} after ${log?.bytes} bytes`).join(', '));
  },
);

faultTest(
  { broken: 'nothing', when: 'a job prints over its limit', outcome: 'it fails as log-limit' },
  async ({ createPlace }) => {
    await using place = await createPlace();
    await place.hub.start();
    const agent = await place.addAgent('a1');
    await agent.start();

    const { id } = await place.api.submit({
      automation: 'short-log-job',
      parameters: { run: `${printMuch}; sleep 1` },
    });
    const end = await place.api.end(id);

    assert.deepEqual([end.state, end.cause, end.started], ['failed', 'log-limit', true]);
    assert.equal(await place.ledger.starts(id), 1);
  },
);

faultTest(
  {
    broken: "hub's disk, full",
    when: 'while a job prints',
    outcome: 'it says so, jobs go on, and all of it is there when there is room again',
  },
  async ({ createPlace, t }) => {
    await using place = await createPlace();
    using disk = mountOrSkip(t, join(place.folder, 'disk'), '4m');
    if (disk === null) return;
    await place.hub.start({ FARHAND_DATA: join(disk.folder, 'hub') });
    const agent = await place.addAgent('a1');
    await agent.start();
    const { id } = await place.api.submit(script('say up; wait_for go; head -c 400000 /dev/urandom | tee -a "$said"'));
    await until('the job to be up', async () => (await place.api.log(id)).length > 0);

    const ballast = join(disk.folder, 'ballast');
    await writeFile(ballast, Buffer.alloc(8_000_000)).catch(() => {});
    let refused = { status: 0, body: '' };
    await until('the hub to say that it has no room', async () => {
      const answer = await place.api.call('POST', '/jobs', { body: script('say refused'), patient: false });
      refused = { status: answer.status, body: answer.body.toString() };
      return answer.status >= 500;
    });
    await place.open('go');
    await until('the job to be through', async () => (await place.ledger.said(id)).length > 400_000);
    const readable = await place.api.call('GET', `/jobs/${id}`, { patient: false });
    await rm(ballast);

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.exitCode], ['succeeded', 0]);
    await place.ledger.check(end, place.api);
    assert.equal(refused.status, 503, refused.body);
    assert.match(refused.body, /"code":"unavailable"/);
    assert.equal(readable.status, 200);
    assert.ok(place.hub.isUp && agent.isUp);
    const next = await place.api.submit(script('say next'));
    assert.equal((await place.api.end(next.id)).state, 'succeeded');
  },
);
