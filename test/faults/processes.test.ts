import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { gapLogBytes } from '../support/fault-place.ts';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import {
  findJobProcesses,
  findLauncherShells,
  type JobProcess,
  type JobProcessRole,
  signalProcess,
} from '../support/job-processes.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { describeEnd } from '../support/ledger.ts';
import { until } from '../support/until.ts';

checkLeaks();

const pausedMs = 2_500;

/** A job that waits in the middle of what it prints, and the processes that it is made of. */
async function openScene({ createPlace }: FaultScene, given: { readonly run?: string; readonly automation?: string }) {
  const { run = 'say up; wait_for go; say done', automation = 'job' } = given;
  const place = await createPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork(agent.name);
  const { id } = await place.api.submit({ automation, parameters: { run } });
  await until('the job to be up', async () => (await place.api.log(id)).length > 0);
  const find = (role: JobProcessRole) =>
    until(`the ${role} of the job`, () => findJobProcesses(place.mark).find((one) => one.role === role));
  const isGone = () => until('nothing to be left of the job', () => findJobProcesses(place.mark).length === 0);
  return { place, agent, id, find, isGone };
}

async function pause({ pid }: Pick<JobProcess, 'pid'>): Promise<void> {
  signalProcess(pid, 'SIGSTOP');
  await delay(pausedMs);
  signalProcess(pid, 'SIGCONT');
}

faultTest(
  { broken: 'command, by SIGKILL', when: 'while it runs', outcome: 'failed, by a signal, with all that it printed' },
  async (scene) => {
    const { place: given, id, find, isGone } = await openScene(scene, {});
    await using place = given;

    signalProcess((await find('command')).pid, 'SIGKILL');

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.cause, end.signal, end.started], ['failed', 'signal', 'SIGKILL', true]);
    await place.ledger.check(end, place.api);
    await isGone();
  },
);

faultTest(
  {
    broken: 'command, by SIGKILL',
    when: 'while its agent is away',
    outcome: 'failed, by a signal, when the agent is back',
  },
  async (scene) => {
    const { place: given, agent, id, find, isGone } = await openScene(scene, {});
    await using place = given;

    await agent.kill();
    signalProcess((await find('command')).pid, 'SIGKILL');
    await agent.start();

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.cause, end.signal, end.started], ['failed', 'signal', 'SIGKILL', true]);
    await place.ledger.check(end, place.api);
    await isGone();
  },
);

for (const role of ['command', 'wrapper', 'sink'] as const) {
  faultTest(
    { broken: `${role}, by SIGSTOP`, when: 'while the job runs', outcome: 'it goes on where it stood' },
    async (scene) => {
      const run = `say up; wait_for go; head -c 30000 /dev/urandom | tee -a "$said"; say done`;
      const { place: given, id, find, isGone } = await openScene(scene, { run, automation: 'gap-log-job' });
      await using place = given;

      const paused = pause(await find(role));
      await place.open('go');
      await paused;

      const end = await place.api.end(id);
      assert.equal(describeEnd(end), 'succeeded exit-code 0');
      await place.ledger.check(end, place.api);
      await isGone();
    },
  );
}

for (const away of [false, true]) {
  const when = away ? 'while its agent is away' : 'while the job runs';
  faultTest(
    {
      broken: 'wrapper, by SIGKILL',
      when,
      outcome: 'lost, by process-lost, with all that was printed; nothing runs on',
    },
    async (scene) => {
      const { place: given, agent, id, find, isGone } = await openScene(scene, {});
      await using place = given;

      if (away) await agent.kill();
      signalProcess((await find('wrapper')).pid, 'SIGKILL');
      if (away) await agent.start();

      const end = await place.api.end(id);
      assert.deepEqual([end.state, end.cause, end.started], ['lost', 'process-lost', true]);
      await place.ledger.check(end, place.api);
      await isGone();
    },
  );

  faultTest(
    {
      broken: 'sink of a limited log, by SIGKILL',
      when,
      outcome: 'the log says that nobody knows what is missing, and the end is told as it was',
    },
    async (scene) => {
      const run = `say up; wait_for go; head -c ${gapLogBytes * 2} /dev/urandom | tee -a "$said"; say done`;
      const { place: given, agent, id, isGone } = await openScene(scene, { run, automation: 'gap-log-job' });
      await using place = given;

      if (away) await agent.kill();
      for (const { pid, role } of findJobProcesses(place.mark)) if (role === 'sink') signalProcess(pid, 'SIGKILL');
      await until('the sink to be gone', () => !findJobProcesses(place.mark).some(({ role }) => role === 'sink'));
      if (away) await agent.start();
      await place.open('go');

      const end = await place.api.end(id);
      // Nobody reads what it prints any more, and the system ends it for that.
      assert.deepEqual([end.state, end.started], ['failed', true], JSON.stringify(end));
      assert.deepEqual([end.log?.complete, end.log?.gaps.map(({ why }) => why)], [false, ['sink-died']]);
      await place.ledger.check(end, place.api, { gaps: true });
      await isGone();
    },
  );
}

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  faultTest(
    {
      broken: `launcher shells, by ${signal}`,
      when: 'while what they started runs, and between two jobs',
      outcome: 'jobs that run end as they end, and further ones start',
    },
    async (scene) => {
      const { place: given, agent, id, isGone } = await openScene(scene, {});
      await using place = given;
      const shells = await until('the shell of the job', () => {
        const found = findLauncherShells(agent.pid ?? 0);
        return found.length === 0 ? null : found;
      });

      for (const shell of shells) signalProcess(shell, signal);
      await place.open('go');
      const further = await place.api.submit({ automation: 'job', parameters: { run: 'say further' } });
      await delay(signal === 'SIGSTOP' ? pausedMs : 0);
      for (const shell of shells) signalProcess(shell, 'SIGCONT');

      for (const end of [await place.api.end(id), await place.api.end(further.id)]) {
        assert.equal(describeEnd(end), 'succeeded exit-code 0');
        await place.ledger.check(end, place.api);
      }
      await isGone();
    },
  );
}
