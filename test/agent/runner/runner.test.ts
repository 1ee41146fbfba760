import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../../../protocol/job.ts';
import type { HubFrame } from '../../../protocol/session-frame.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import type { TestHub } from '../../support/test-hub.ts';
import { until } from '../../support/until.ts';
import { giveToPod } from './give-to-pod.ts';

checkLeaks();

async function readLog(hub: TestHub, { id }: Job): Promise<string> {
  const answer = await fetch(`${hub.address}/api/v1/jobs/${id}/log`, {
    headers: { authorization: 'Bearer test-administrator-token-0123456789abcdef' },
  });
  return answer.text();
}

for (const wire of ['ws', 'grpc'] as const) {
  describe(`a runner over ${wire}`, () => {
    it('brings log, outputs and end of the command beside it, all of the log and no secret', async () => {
      const script = [
        'echo one >>LEDGER',
        'echo "hello $FARHAND_PARAM_NAME, $FARHAND_SECRET_PASSWORD"',
        'echo \'{"answer": 42}\' >"$FARHAND_OUTPUTS"',
        'exit 3',
      ].join('\n');
      await giveToPod(
        script,
        async ({ hub, job, pod, lines }) => {
          const neighbour = pod.startNeighbour();
          const runner = pod.startRunner();

          const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost');

          assert.deepEqual([ended.state, ended.cause, ended.exitCode, ended.started], ['failed', 'exit-code', 3, true]);
          assert.equal(await readLog(hub, job), "hello o'hara, ***\n");
          assert.deepEqual([ended.log?.complete, ended.log?.gaps], [true, []]);
          assert.deepEqual(await lines(), ['one']);
          assert.equal((await neighbour.ended).signal, 'SIGKILL');
          assert.deepEqual(await runner.ended, { code: 1, signal: null });
          assert.equal(pod.lastWords(), 'farhand: ended 3\n');
        },
        { wire, request: { parameters: { name: "o'hara" }, secrets: { password: 'hunter2-secret' } } },
      );
    });

    it('goes on where it was when it was killed, as often as that is', async () => {
      const script = 'for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i"; echo $i >>LEDGER; sleep 0.3; done';
      await giveToPod(
        script,
        async ({ hub, job, pod, lines }) => {
          pod.startNeighbour();
          let runner = pod.startRunner();
          for (const at of [2, 5]) {
            await until(`line ${at}`, async () => (await lines()).length >= at);
            runner.signal('SIGKILL');
            await runner.ended;
            runner = pod.startRunner();
          }

          const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost');

          const numbers = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'];
          assert.deepEqual([ended.state, ended.log?.complete], ['succeeded', true], ended.message ?? '');
          assert.equal(await readLog(hub, job), numbers.map((one) => `line ${one}\n`).join(''));
          assert.deepEqual(await lines(), numbers);
          assert.equal((await runner.ended).code, 0);
        },
        { wire },
      );
    });
  });
}

describe('a runner', () => {
  it('runs the command once where two pods have the ticket', async () => {
    await giveToPod('echo one >>LEDGER', async ({ hub, job, pod, another, lines }) => {
      await using second = await another();
      const pods = [pod, second];
      for (const one of pods) one.startNeighbour();
      const runners = pods.map((one) => one.startRunner());

      const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost');
      const codes = await Promise.all(runners.map(async (runner) => (await runner.ended).code));

      assert.equal(ended.state, 'succeeded');
      assert.deepEqual(await lines(), ['one']);
      assert.deepEqual(new Set(codes), new Set([0, 6]));
    });
  });

  it('leaves it to the platform to say why the container beside it was killed, and tells that the hub has all of its log', async () => {
    await giveToPod('echo begun >>LEDGER\necho printed\nsleep 60', async ({ hub, job, pod, lines }) => {
      const neighbour = pod.startNeighbour();
      const runner = pod.startRunner();
      await until('the command', async () => (await lines()).length > 0);

      neighbour.signal('SIGKILL');
      await until('its last words', () => pod.runnerWords() !== '');
      runner.signal('SIGTERM');

      const sha256 = createHash('sha256').update('printed\n').digest('hex');
      assert.equal(pod.runnerWords(), `farhand: log 8 ${sha256}\n`);
      assert.equal((await runner.ended).code, 5);
      assert.deepEqual([await readLog(hub, job), (await hub.job(job.id)).state], ['printed\n', 'running']);
    });
  });

  it('stops the command when the job is cancelled: TERM first, then KILL for what does not end by it', async () => {
    const script = "trap 'echo told; exit 5' TERM\necho begun >>LEDGER\nwhile :; do sleep 0.1; done";
    await giveToPod(script, async ({ hub, job, pod, lines }) => {
      pod.startNeighbour();
      const runner = pod.startRunner();
      await until('the command', async () => (await lines()).length > 0);

      await hub.call('POST', `/jobs/${job.id}/cancel`);
      const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost', 'cancelled');

      assert.deepEqual([ended.state, ended.cause, ended.started], ['cancelled', 'cancelled', true]);
      assert.match(await readLog(hub, job), /told\n$/);
      assert.equal((await runner.ended).code, 4);
    });
  });

  it('leaves it to the container beside it whether there is a folder to work in', async () => {
    await giveToPod(
      'echo begun',
      async ({ hub, job, pod }) => {
        pod.startNeighbour();
        pod.startRunner();

        const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost');

        assert.deepEqual([ended.cause, ended.exitCode, ended.started], ['exit-code', 126, true]);
        assert.match(await readLog(hub, job), /no-such-folder/);
      },
      { keys: 'workingDirectory: /no-such-folder\n' },
    );
  });

  it('ends a command that is over its time', async () => {
    await giveToPod(
      'echo begun >>LEDGER\nsleep 60',
      async ({ hub, job, pod }) => {
        pod.startNeighbour();
        pod.startRunner();

        const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost', 'timed-out');

        assert.deepEqual([ended.state, ended.cause], ['timed-out', 'timeout']);
      },
      { keys: 'timeoutSeconds: 1\n' },
    );
  });

  it('delivers all of a large log after its hub was away', async () => {
    const line = randomBytes(96).toString('base64');
    const script = `echo begun >>LEDGER\nsleep 1\ni=0; while [ $i -lt 5000 ]; do echo "$i ${line}"; i=$((i+1)); done`;
    await giveToPod(script, async ({ hub, job, pod, lines }) => {
      pod.startNeighbour();
      pod.startRunner();
      await until('the command', async () => (await lines()).length > 0);

      await hub.restart();
      const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost');

      assert.deepEqual([ended.state, ended.log?.complete], ['succeeded', true]);
      const expected = Array.from({ length: 5000 }, (_, index) => `${index} ${line}\n`).join('');
      assert.equal(await readLog(hub, job), expected);
    });
  });

  for (const [seconds, what] of [
    ['600', 'keeps its pod while its hub is away, and delivers'],
    ['1', 'lets its pod go when the hub does not take the result for too long'],
  ] as const)
    it(what, async () => {
      await using proxies = new AsyncDisposableStack();
      let line: TcpProxy | undefined;
      const reachHub = async (hub: TestHub) => {
        line = proxies.use(await startTcpProxy(Number(new URL(hub.address).port)));
        return `ws://127.0.0.1:${line.port}`;
      };
      const script = 'echo begun >>LEDGER\nwhile [ ! -e LEDGER.enough ]; do sleep 0.1; done';
      const options = { environment: { FARHAND_RUNNER_HOLD_SECONDS: seconds }, hubUrl: reachHub };
      await giveToPod(
        script,
        async ({ hub, job, pod, ledger, lines }) => {
          const neighbour = pod.startNeighbour();
          pod.startRunner();
          const isLetGo = () => existsSync(join(pod.shared, 'leave'));
          await until('the command', async () => (await lines()).length > 0);
          line?.leadTo(1);
          line?.cut();
          await writeFile(`${ledger}.enough`, '');
          await neighbour.ended;

          if (seconds === '600') {
            await delay(1500);
            assert.equal(isLetGo(), false);
            line?.leadTo(Number(new URL(hub.address).port));
            await hub.jobIn(job.id, 'succeeded');
          }

          await until('the pod to be let go', async () => isLetGo());
        },
        options,
      );
    });

  it('leaves it to the platform to say why it told the command to end', async () => {
    await giveToPod('echo begun >>LEDGER\necho printed\nsleep 60', async ({ hub, job, pod, lines }) => {
      const neighbour = pod.startNeighbour();
      const runner = pod.startRunner();
      await until('the command', async () => (await lines()).length > 0);

      neighbour.signal('SIGTERM');
      await neighbour.ended;
      runner.signal('SIGTERM');

      assert.equal((await runner.ended).code, 5);
      assert.match(pod.runnerWords(), /^farhand: log 8 /);
      assert.equal(pod.lastWords(), 'farhand: ended 143 t\n');
      assert.equal((await hub.job(job.id)).state, 'running');
    });
  });

  it('delivers the end of a command that ended well when it was told to', async () => {
    const script = "trap 'echo bye; exit 0' TERM\necho begun >>LEDGER\nwhile :; do sleep 0.1; done";
    await giveToPod(script, async ({ hub, job, pod, lines }) => {
      const neighbour = pod.startNeighbour();
      const runner = pod.startRunner();
      await until('the command', async () => (await lines()).length > 0);

      neighbour.signal('SIGTERM');
      await neighbour.ended;
      runner.signal('SIGTERM');
      const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost');

      assert.deepEqual([ended.state, ended.exitCode, ended.log?.complete], ['succeeded', 0, true]);
      assert.equal((await runner.ended).code, 0);
    });
  });

  it('told that the pod ends before the container beside it came, tells the platform that nothing was started', async () => {
    await giveToPod('echo begun >>LEDGER', async ({ attempt, hub, job, pod, lines }) => {
      const runner = pod.startRunner();
      await until('the document', () =>
        readFile(join(pod.shared, 'attempts', attempt, 'document.json')).catch(() => null),
      );

      runner.signal('SIGTERM');
      const { code } = await runner.ended;
      const late = pod.startNeighbour();

      assert.deepEqual([code, pod.runnerWords()], [5, 'farhand: never began\n']);
      assert.equal((await late.ended).code, 125);
      assert.deepEqual([await lines(), (await hub.job(job.id)).state], [[], 'running']);
    });
  });

  it('leaves, and sends the container beside it away, when its agent has taken the attempt back', async () => {
    await giveToPod('echo begun >>LEDGER', async ({ agent, attempt, pod, lines }) => {
      const session = await agent.openSession(attempt, { have: 'document', needsDocument: false });
      const frame = (await session.next()) as Extract<HubFrame, { type: 'job' }>;
      const neighbour = pod.startNeighbour();
      const runner = pod.startRunner();

      assert.deepEqual(frame.handover, { ticket: null, runnerCame: false });
      assert.equal((await runner.ended).code, 6);
      assert.equal((await neighbour.ended).code, 125);
      assert.deepEqual(await lines(), []);
      await session.channel.close();
    });
  });
});
