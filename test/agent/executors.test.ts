import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../../agent/agent.ts';
import { createDummyExecutor } from '../../agent/executors/dummy/dummy-executor.ts';
import type { Execution } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import { NotNow } from '../../agent/executors/not-now.ts';
import { createProcessExecutor } from '../../agent/executors/process/process-executor.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, testLimits } from './agent-place.ts';
import { plant } from './planted-attempt.ts';

const dummy = `run: ["true"]
executor: dummy
dummy:
  sleepSeconds: \${parameters.seconds}
  print: \${parameters.print}
  exitCode: \${parameters.exitCode}
parameters:
  type: object
  properties:
    seconds: {type: number, default: 0}
    print: {type: string, default: ""}
    exitCode: {type: integer, default: 0}
`;

const ending = `run: ["true"]
executor: dummy
dummy: {cause: "\${parameters.cause}", started: "\${parameters.started}", retrySafe: "\${parameters.retrySafe}"}
`;

const hook = (name: string) => `${name}: ["sh", "-c", "echo ${name} on $(uname) after \\"$FARHAND_OUTCOME\\""]\n`;

const automations = {
  dummy,
  ending,
  hooked: `${dummy}${hook('before')}${hook('after')}inherit: [LEAK_CHECK]\n`,
};

/** What an executor may be asked; `clear` is of its executions. */
type Question = 'start' | 'inspect' | 'takeFence' | 'adopt' | 'readEnd' | 'findGaps' | 'release' | 'clear';

const common = { fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger };

function gist({ outcome, cause, started, exitCode, log }: AttemptResult): object {
  return { outcome, cause, started, exitCode, complete: log.complete };
}

function withStart(execution: Execution, started: Execution['started']): Execution {
  const { ended } = execution;
  return { ended, started, signal: (name) => execution.signal(name), clear: (bounds) => execution.clear(bounds) };
}

const succeeded = { outcome: 'succeeded', cause: 'exit-code', started: true, exitCode: 0, complete: true };

describe('executors of an agent', () => {
  let place: AgentPlace;
  let local: ReturnType<typeof createProcessExecutor>;
  let remote: ReturnType<typeof createDummyExecutor>;

  beforeEach(async () => {
    place = await createAgentPlace(automations);
    local = createProcessExecutor(common);
    remote = createDummyExecutor(common);
  });
  afterEach(async () => {
    await place[Symbol.asyncDispose]();
    await local[Symbol.asyncDispose]();
    await remote[Symbol.asyncDispose]();
  });
  checkLeaks();

  /** The dummy, whose commands begin when `begins` says. */
  function beginning(begins: () => Execution['started']): Executor {
    return {
      ...remote,
      async start(target, command) {
        const started = await remote.start(target, command);
        return started.type === 'started' ? { ...started, execution: withStart(started.execution, begins()) } : started;
      },
    };
  }

  /** The dummy on a platform that cannot be asked that the first three times. */
  function createReluctant(question: Question): { readonly executor: Executor; readonly asked: () => number } {
    let asked = 0;
    const ask = () => {
      asked += 1;
      if (asked <= 3) throw new NotNow(`the platform does not answer to ${question}`);
    };
    const askIf = (name: Question) => {
      if (name === question) ask();
    };
    const toReluctant = (execution: Execution): Execution => ({
      ended: execution.ended,
      started: execution.started,
      signal: (name) => execution.signal(name),
      async clear(bounds) {
        askIf('clear');
        return execution.clear(bounds);
      },
    });
    const executor: Executor = {
      ...remote,
      async start(target, command) {
        askIf('start');
        const started = await remote.start(target, command);
        return started.type === 'started' ? { ...started, execution: toReluctant(started.execution) } : started;
      },
      async inspect(target) {
        askIf('inspect');
        return remote.inspect(target);
      },
      async takeFence(target) {
        askIf('takeFence');
        return remote.takeFence(target);
      },
      async adopt(target) {
        askIf('adopt');
        const execution = await remote.adopt(target);
        return execution === null ? null : toReluctant(execution);
      },
      async readEnd(target) {
        askIf('readEnd');
        return remote.readEnd(target);
      },
      async findGaps(target, output) {
        askIf('findGaps');
        return remote.findGaps(target, output);
      },
      async release(target) {
        askIf('release');
        return remote.release(target);
      },
    };
    return { executor, asked: () => asked };
  }

  function start(other: Executor, machineBootId?: string): Promise<Agent> {
    const executors = createExecutors(local, [other]);
    return place.start({ executors, ...(machineBootId === undefined ? {} : { machineBootId }) });
  }

  async function untilFreed(id: string): Promise<void> {
    await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');
  }

  it('run what automations name them for, and a command of the dummy is over when its time is', async () => {
    await place.start();

    const id = place.hub.offer({ automation: 'dummy', parameters: { print: 'hello\n', seconds: 0.1, exitCode: 3 } });

    const result = await place.hub.result(id);
    assert.deepEqual(gist(result), {
      outcome: 'failed',
      cause: 'exit-code',
      started: true,
      exitCode: 3,
      complete: true,
    });
    assert.equal(place.hub.log(id).toString(), 'hello\n');
  });

  const words = [
    [
      { cause: 'out-of-memory', started: true },
      { outcome: 'failed', started: true },
    ],
    [
      { cause: 'evicted', started: 'unknown' },
      { outcome: 'failed', started: 'unknown' },
    ],
    [
      { cause: 'node-lost', started: true },
      { outcome: 'lost', started: true },
    ],
    [
      { cause: 'pod-deleted', started: true },
      { outcome: 'failed', started: true },
    ],
    [
      { cause: 'timeout', started: true },
      { outcome: 'timed-out', started: true },
    ],
    [
      { cause: 'image-pull', started: false, retrySafe: true },
      { outcome: 'never-started', started: false },
    ],
    [
      { cause: 'forbidden', started: false, retrySafe: true },
      { outcome: 'never-started', started: false },
    ],
    [
      { cause: 'start-failed', started: false },
      { outcome: 'failed', started: false },
    ],
  ] as const;
  for (const [said, told] of words) {
    it(`hand on the word of their platform: ${JSON.stringify(said)}`, async () => {
      await place.start();

      const id = place.hub.offer({ automation: 'ending', parameters: { retrySafe: false, ...said } });

      const { outcome, cause, started, message } = await place.hub.result(id);
      assert.deepEqual({ outcome, cause, started }, { ...told, cause: said.cause });
      assert.match(message, /dummy\.cause/);
    });
  }

  it('are asked again what a platform cannot be asked for now, and nothing is concluded meanwhile', async () => {
    for (const question of ['start', 'readEnd', 'findGaps', 'clear', 'release'] as const) {
      const reluctant = createReluctant(question);
      const agent = await start(reluctant.executor);

      const id = place.hub.offer({ automation: 'dummy', parameters: { print: 'once\n', seconds: 0.1 } });

      assert.deepEqual(gist(await place.hub.result(id)), succeeded, question);
      assert.equal(place.hub.log(id).toString(), 'once\n');
      await untilFreed(id);
      assert.ok(reluctant.asked() > 3, question);
      await agent[Symbol.asyncDispose]();
    }
  });

  it('are asked again by an agent that has just started, which keeps the folder as it is meanwhile', async () => {
    for (const question of ['inspect', 'readEnd', 'adopt'] as const) {
      const first = await start(remote);
      const id = place.hub.offer({ automation: 'dummy', parameters: { print: 'once\n', seconds: 0.5 } });
      await place.hub.until(() => place.hub.log(id).length === 5, 'the output');
      await first[Symbol.asyncDispose]();

      const reluctant = createReluctant(question);
      const second = await start(reluctant.executor);

      assert.deepEqual(gist(await place.hub.result(id)), succeeded, question);
      assert.ok(reluctant.asked() > 3, question);
      await second[Symbol.asyncDispose]();
    }
  });

  it('are asked again for the fence of a command that may not have begun', async () => {
    const id = await plant(place, { document: 'this-boot', executor: 'dummy' });
    const reluctant = createReluctant('takeFence');

    await start(reluctant.executor);

    const { outcome, started } = await place.hub.result(id);
    assert.deepEqual({ outcome, started }, { outcome: 'never-started', started: false });
    assert.ok(reluctant.asked() > 3);
  });

  it('stop a command whose platform did not answer when it was cancelled', async () => {
    const reluctant = createReluctant('clear');
    await start(reluctant.executor);
    const id = place.hub.offer({ automation: 'dummy', parameters: { print: 'up\n', seconds: 600 } });
    await place.hub.until(() => place.hub.log(id).length === 3, 'the output');

    await place.hub.cancel(id);

    const { outcome, cause } = await place.hub.result(id);
    assert.deepEqual({ outcome, cause }, { outcome: 'cancelled', cause: 'cancelled' });
    assert.ok(reluctant.asked() > 3);
  });

  it('whose commands wait for a place count their time from their start', async () => {
    const waitMs = 3_000;
    const waiting: Executor = {
      ...beginning(() => delay(waitMs).then(() => ({ at: Date.now() }))),
      kind: { ...remote.kind, capabilities: { ...remote.kind.capabilities, waitsForPlace: true } },
    };
    await start(waiting);
    const inTime = { automation: 'dummy', parameters: { seconds: 0.3 }, timeoutSeconds: 0.2 };
    const tooLong = { automation: 'dummy', parameters: { seconds: 600 }, timeoutSeconds: 0.2 };

    const [first, second] = [place.hub.offer(inTime), place.hub.offer(tooLong)];

    assert.deepEqual(gist(await place.hub.result(first)), succeeded);
    const { outcome, cause } = await place.hub.result(second);
    assert.deepEqual({ outcome, cause }, { outcome: 'timed-out', cause: 'timeout' });
  });

  it('whose commands waited for a place have used the time of an adopted one once', async () => {
    const at = Date.now() - 2_000_000;
    const started = Promise.resolve({ at });
    const adopting: Executor = {
      ...remote,
      kind: { ...remote.kind, capabilities: { ...remote.kind.capabilities, waitsForPlace: true } },
      async inspect(target) {
        const fence = await remote.inspect(target);
        return fence.type === 'started' ? { ...fence, at } : fence;
      },
      async adopt(target) {
        const execution = await remote.adopt(target);
        return execution === null ? null : withStart(execution, started);
      },
    };
    const first = await start(remote);
    const parameters = { print: 'up\n', seconds: 2 };
    const id = place.hub.offer({ automation: 'dummy', parameters, timeoutSeconds: 3_600 });
    await place.hub.until(() => place.hub.log(id).length === 3, 'the output');
    await first[Symbol.asyncDispose]();

    await start(adopting);

    assert.deepEqual(gist(await place.hub.result(id)), succeeded);
  });

  it('say when a command began, and no time is told that has not come yet', async () => {
    const times = [Date.now() - 3_600_000, Date.now() + 3_600_000];
    const [past] = times;
    await start(
      beginning(async () => {
        const at = times.shift();
        return at === undefined ? null : { at };
      }),
    );
    const job = { automation: 'dummy', parameters: { seconds: 600 } };

    const told: number[] = [];
    for (const id of [place.hub.offer(job), place.hub.offer(job)]) {
      await place.hub.until(() => (place.hub.report(id)?.startedAt ?? null) !== null, 'the time of the start');
      told.push(Date.parse(place.hub.report(id)?.startedAt ?? ''));
      await place.hub.cancel(id);
      await place.hub.result(id);
    }

    assert.ok(told.includes(past ?? 0), told.join(', '));
    assert.ok(Math.max(...told) <= Date.now());
  });

  it('are left alone by an agent that leaves while they cannot be asked', async () => {
    let asked = 0;
    const executor: Executor = {
      ...remote,
      async start(target, command) {
        const started = await remote.start(target, command);
        if (started.type !== 'started') return started;
        const clear = () => {
          asked += 1;
          return Promise.reject(new NotNow('the platform does not answer'));
        };
        return { type: 'started', execution: { ...started.execution, clear } };
      },
    };
    const agent = await start(executor);
    const id = place.hub.offer({ automation: 'dummy', parameters: { print: 'up\n', seconds: 600 } });
    await place.hub.until(() => place.hub.log(id).length === 3, 'the output');
    await place.hub.cancel(id);
    await place.hub.until(() => asked > 0, 'the platform to be asked');

    await agent[Symbol.asyncDispose]();
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 200));

    assert.equal(asked, before);
    await (await remote.adopt({ attempt: id, folder: place.attemptFolder(id) }))?.clear({ graceMs: 0, boundMs: 1_000 });
  });

  it('whose commands outlive the machine lose nothing by its restart', async () => {
    const first = await start(remote);
    const id = place.hub.offer({ automation: 'dummy', parameters: { print: 'once\n', seconds: 0.5 } });
    await place.hub.until(() => place.hub.log(id).length === 5, 'the output');
    await first[Symbol.asyncDispose]();

    await start(remote, 'another boot');

    assert.deepEqual(gist(await place.hub.result(id)), succeeded);
    assert.equal(place.hub.log(id).toString(), 'once\n');
  });

  it('are not all needed: what one ran that is not here any more is lost, and said to be so', async () => {
    const id = await plant(place, { document: 'this-boot', executor: 'gone', raw: 'some output\n' });

    await place.start();

    const result = await place.hub.result(id);
    assert.deepEqual(gist(result), {
      outcome: 'lost',
      cause: 'process-lost',
      started: 'unknown',
      exitCode: null,
      complete: false,
    });
    assert.match(result.message, /executor "gone", which this agent does not have any more/);
    await untilFreed(id);
  });

  it("leave hooks to the agent's machine", async () => {
    await place.start();

    const id = place.hub.offer({ automation: 'hooked', parameters: { print: 'dummy\n' } });

    assert.deepEqual(gist(await place.hub.result(id)), succeeded);
    const lines = place.hub.log(id).toString();
    assert.match(lines, /^before on \w+ after \ndummy\nafter on \w+ after succeeded\n$/);
  });

  it('keep the folder until what is outside of it is gone, also over the end of the agent', async () => {
    let isGone = false;
    let asked = 0;
    const keeping: Executor = {
      ...remote,
      async release() {
        asked += 1;
        if (!isGone) throw new NotNow('it cannot be deleted yet');
      },
    };
    const first = await start(keeping);
    const id = place.hub.offer({ automation: 'dummy' });
    await place.hub.result(id);
    await place.hub.until(() => asked > 3, 'the platform to be asked again');
    assert.equal(first.status().counts.ended.succeeded, 1);
    await first[Symbol.asyncDispose]();
    assert.ok(existsSync(join(place.attemptFolder(id), 'document.json')));

    await start(keeping);
    isGone = true;

    await untilFreed(id);
    assert.equal(place.hub.get(id).results.length, 1);
  });

  it('that can start nothing are no reason to take their jobs, and say so', async () => {
    let obstacle: string | null = 'the cluster does not answer';
    const listeners = new Set<() => void>();
    const absent: Executor = {
      ...remote,
      obstacle: () => obstacle,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const agent = await start(absent);
    const offered = () => place.hub.agentReport?.automations.map(({ name }) => name) ?? [];
    await place.hub.until(() => offered().includes('sh'), 'a report');
    assert.ok(!offered().includes('dummy'));
    assert.deepEqual(agent.status().executors, [
      { name: 'process', obstacle: null },
      { name: 'dummy', obstacle },
    ]);
    const problems = agent.status().health.problems.join('\n');
    assert.match(problems, /executor dummy: the cluster does not answer; not offered: dummy, ending, hooked/);

    const early = place.hub.offer({ automation: 'dummy' });
    await place.hub.until(() => place.hub.report(early)?.phase === 'declined', 'a decline');
    assert.equal(place.hub.report(early)?.reason, 'executor-unavailable');

    obstacle = null;
    for (const listener of listeners) listener();
    await place.hub.until(() => offered().includes('dummy'), 'another report');
    const late = place.hub.offer({ automation: 'dummy' });
    assert.deepEqual(gist(await place.hub.result(late)), succeeded);
  });

  it('are remembered with the document', async () => {
    await place.start({ limits: testLimits });
    const id = place.hub.offer({ automation: 'dummy', parameters: { seconds: 600 } });
    await place.hub.until(() => place.hub.report(id)?.phase === 'running', 'the start');

    const document: unknown = JSON.parse(await readFile(join(place.attemptFolder(id), 'document.json'), 'utf8'));

    assert.equal(Object(Object(document).terms).executor, 'dummy');
    await place.hub.cancel(id);
    await place.hub.result(id);
  });
});
