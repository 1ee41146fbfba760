import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFaultPlace } from '../support/fault-place.ts';
import { findListening } from '../support/find-listening.ts';
import { findMarked } from '../support/job-processes.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

const skip = process.platform === 'linux' ? false : 'needs /proc';

for (const transport of ['websocket', 'grpc'] as const) {
  it(`listens at one port as a hub, and as an agent at none but its status, with a job over ${transport}`, {
    skip,
  }, async () => {
    await using place = await createFaultPlace({}, { transport, tls: 'none', proxy: 'none' });
    await place.hub.start();
    const agent = await place.addAgent('a1', { FARHAND_STATUS_LISTEN: '127.0.0.1:0' });
    const status = await agent.launch().ready();
    const { id } = await place.api.submit({ automation: 'job', parameters: { run: 'say begun; wait_for end' } });
    await place.api.jobWhen(id, 'running', ({ started }) => started === true);

    const ports = (address: string) => [`tcp ${new URL(address).port}`];
    const found = {
      hub: findListening(place.hub.pid ?? 0),
      agent: findListening(agent.pid ?? 0),
      all: findMarked(place.mark).flatMap((pid) => findListening(pid)),
    };
    await place.open('end');
    const job = await place.api.end(id);

    assert.deepEqual(found.hub, ports(place.address));
    assert.deepEqual(found.agent, ports(status));
    assert.deepEqual(found.all.toSorted(), [...ports(place.address), ...ports(status)].toSorted());
    assert.equal(job.state, 'succeeded');
  });
}
