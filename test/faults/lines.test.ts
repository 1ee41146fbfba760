import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultAgent, FaultPlace } from '../support/fault-place.ts';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { describeEnd } from '../support/ledger.ts';
import type { LineFilter, TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

checkLeaks();

/** A peer that vanishes is noticed after half a minute of silence; the tests are patient. */
const noticeMs = 90_000;

interface Silence {
  readonly name: string;
  readonly words: string;
  readonly fall: (line: TcpProxy, filter: LineFilter) => void;
}

const silences: readonly Silence[] = [
  {
    name: 'vanished',
    words: 'half open: nothing arrives either way, and no end',
    fall(line, filter) {
      line.silence('up', filter);
      line.silence('down', filter);
    },
  },
  { name: 'deaf-hub', words: 'one-way: nothing reaches the hub', fall: (line, filter) => line.silence('up', filter) },
  {
    name: 'deaf-agent',
    words: 'one-way: nothing reaches the agent',
    fall: (line, filter) => line.silence('down', filter),
  },
  { name: 'frozen', words: 'frozen: nobody takes what is sent', fall: (line, filter) => line.freeze(filter) },
];

const lines = 'i=0; while [ $i -lt 2000 ]; do say "line $i of a job whose line is broken"; i=$((i+1)); done';

async function startJob({ api }: FaultPlace, agent: FaultAgent): Promise<string> {
  const run = `say up; wait_for go; ${lines}; wait_for end; say done`;
  const { id } = await api.submit({
    automation: 'job',
    parameters: { run },
    selector: `farhand.io/agent=${agent.name}`,
  });
  await until('the job to be up', async () => (await api.log(id)).length > 0);
  return id;
}

/** An agent of one place for each kind of silence, with a job each: they are waited for together. */
async function openScene({ createPlace }: FaultScene) {
  const place = await createPlace();
  await place.hub.start();
  const jobs = [];
  for (const silence of silences) {
    const agent = await place.addAgent(silence.name);
    await agent.start();
    await place.api.takesWork(agent.name);
    jobs.push({ silence, agent, id: await startJob(place, agent) });
  }
  return { place, jobs };
}

async function checkEnd(place: FaultPlace, id: string): Promise<void> {
  const end = await place.api.end(id);
  assert.equal(describeEnd(end), 'succeeded exit-code 0');
  await place.ledger.check(end, place.api);
}

faultTest(
  {
    broken: `all lines of an agent, ${silences.map(({ words }) => words).join('; ')}`,
    when: 'while its job prints',
    outcome: 'both ends notice within a minute, a new channel is there, and the log is whole',
  },
  async (scene) => {
    const { place: given, jobs } = await openScene(scene);
    await using place = given;

    for (const { silence, agent } of jobs) silence.fall(agent.line, {});
    await place.open('go');
    await until(
      'all that was printed to be on the hub',
      async () => {
        const lengths = await Promise.all(jobs.map(async ({ id }) => (await place.api.log(id)).length));
        const said = await Promise.all(jobs.map(async ({ id }) => (await place.ledger.said(id)).length));
        return lengths.every((length, index) => length > 3 && length === said[index]);
      },
      noticeMs,
    );
    for (const { agent } of jobs) await place.api.takesWork(agent.name);
    await place.open('end');

    for (const { id } of jobs) await checkEnd(place, id);
  },
);

faultTest(
  {
    broken: `session of a job alone, ${silences.map(({ words }) => words).join('; ')}`,
    when: 'while the job prints, and ends',
    outcome: 'a new session goes on where the hub has the log; the agent stays online',
  },
  async (scene) => {
    const { place: given, jobs } = await openScene(scene);
    await using place = given;

    for (const { silence, agent } of jobs) silence.fall(agent.line, { path: /\/v1\/sessions\// });
    await place.open('go');
    await place.open('end');
    await until(
      'all jobs to have ended',
      async () => {
        for (const { agent } of jobs) assert.ok((await place.api.agent(agent.name)).online, agent.name);
        const seen = await Promise.all(jobs.map(({ id }) => place.api.job(id)));
        return seen.every(({ finishedAt }) => finishedAt !== null);
      },
      noticeMs,
    );

    for (const { id } of jobs) await checkEnd(place, id);
  },
);

faultTest(
  {
    broken: 'all lines of an agent, slow: 20 KB a second both ways',
    when: 'while a job prints half a megabyte, another is cancelled and a third begins',
    outcome: 'the small is not held up by the large, and the log is whole',
  },
  async ({ createPlace }) => {
    await using place = await createPlace();
    await place.hub.start();
    const agent = await place.addAgent('a1', { FARHAND_SLOTS: '4' });
    await agent.start();
    await place.api.takesWork('a1');
    const submit = async (run: string) => (await place.api.submit({ automation: 'job', parameters: { run } })).id;
    const large = await submit('say up; wait_for go; head -c 500000 /dev/urandom | tee -a "$said"');
    const cancelled = await submit('say up; sleep 300');
    for (const id of [large, cancelled])
      await until('the job to be up', async () => (await place.api.log(id)).length > 0);

    agent.line.slowTo(20_000);
    await place.open('go');
    await delay(1_000);
    await place.api.cancel(cancelled);
    const third = await submit('say third');
    const ends = [await place.api.end(cancelled), await place.api.end(third)];
    const { state } = await place.api.job(large);
    agent.line.slowTo(null);
    ends.push(await place.api.end(large));

    assert.deepEqual(
      [state, ...ends.map(describeEnd)],
      ['running', 'cancelled cancelled', 'succeeded exit-code 0', 'succeeded exit-code 0'],
    );
    for (const end of ends) await place.ledger.check(end, place.api);
  },
);
