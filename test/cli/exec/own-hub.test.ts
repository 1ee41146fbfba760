import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCatalog } from '../../../agent/automations/catalog.ts';
import { composeAgent } from '../../../cli/compose-agent.ts';
import { loadExecConfig } from '../../../cli/exec/exec-config.ts';
import { ExecJob } from '../../../cli/exec/exec-job.ts';
import { OwnHub } from '../../../cli/exec/own-hub.ts';
import { JobRequest } from '../../../protocol/job.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import { createMemoryListener } from '../../../transports/memory/listener.ts';
import { createMemoryTransport } from '../../../transports/memory/memory-transport.ts';
import { createMemoryNetwork } from '../../../transports/memory/network.ts';
import { checkLeaks } from '../../support/leak-check.ts';

checkLeaks();

const agent = { id: '0190d2a6-1111-7000-8000-000000000001', name: 'a1' };

test('However often its channels break, a job runs once and each byte of its log is written once', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-own-hub-'));
  const place = folder.path;
  await writeFile(join(place, 'identity.json'), JSON.stringify({ ...agent, account: 'default' }));
  await writeFile(
    join(place, 'loud.yaml'),
    'kind: script\nscript: seq 40000; sleep 0.2; seq 40000\ninherit: [LEAK_CHECK]\n',
  );
  const environment = { PATH: '/usr/bin:/bin', LEAK_CHECK: String(process.pid) };
  const config = loadExecConfig({ environment: {}, flags: {} }, place);
  const catalog = await openCatalog(place);
  const automation = catalog.current.automations.get('loud')?.summary ?? assert.fail('expected the automation');
  const common = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const network = createMemoryNetwork(common);
  const wire = { ...common, network, address: 'hub', limits: defaultLimits };
  let cuts = 0;
  network.watch((connection) => {
    if (cuts === 6) return;
    cuts += 1;
    if (connection.target === '/v1/control') connection.cutAfter('up', { messages: 3 });
    else connection.cutAfter(cuts % 2 === 0 ? 'up' : 'down', { bytes: 20_000 * cuts });
  });
  const written: Buffer[] = [];
  const job = new ExecJob({
    ...common,
    request: JobRequest.parse({ automation: 'loud' }),
    automation,
    agentName: agent.name,
    trace: {},
    write: async (bytes) => void written.push(Buffer.from(bytes)),
    onWish: (attempt) => hub.publish(attempt),
  });
  const authenticate = async () => ({ type: 'admitted', principal: agent.id }) as const;
  await using hub = new OwnHub({
    ...common,
    agent,
    job,
    listener: createMemoryListener<string>({ ...wire, authenticate }),
  });
  await using _composed = await composeAgent({
    config,
    catalog,
    environment,
    logger: silentLogger,
    mode: { type: 'daemon' },
    probeRunner: null,
    jobLog: null,
    ways: [{ url: 'memory://hub', ...createMemoryTransport(wire) }],
    enrolment: null,
    fetch: globalThis.fetch,
    network: null,
    kubernetes: null,
    takeOwnerLock: () => ({ [Symbol.dispose]: () => {} }),
  });

  const end = await job.ended;

  const log = Buffer.concat(written);
  const sequence = Array.from({ length: 40_000 }, (_, index) => `${index + 1}\n`).join('');
  assert.equal(log.equals(Buffer.from(sequence + sequence)), true);
  assert.deepEqual([end.job.state, end.job.attempt, end.escaped], ['succeeded', 1, 0]);
  assert.equal(end.job.log?.sha256, createHash('sha256').update(log).digest('hex'));
  assert.equal(cuts, 6);
});
