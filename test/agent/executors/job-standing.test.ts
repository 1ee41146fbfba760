import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { after, describe, it } from 'node:test';
import type { CommandOutput } from '../../../agent/automations/prepared-command.ts';
import { equalStanding, readStandingBehind } from '../../../agent/executors/process/job-standing.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { until } from '../../support/until.ts';
import {
  createExecutor,
  createProcessPlaces,
  launcherKinds,
  startCommand,
  toCommand,
  toName,
} from './process-place.ts';

checkLeaks();

const places = await createProcessPlaces();
after(() => places.remove());

const ownScore = Number(await readFile('/proc/self/oom_score_adj', 'utf8'));
const limited: CommandOutput = { file: 'raw', limitBytes: 50_000 };

/** What a job prints of itself and of a child, and what its wrapper is meanwhile. */
async function look(
  kind: (typeof launcherKinds)[number],
  { standing, output }: { standing: ReturnType<typeof readStandingBehind>; output: CommandOutput | undefined },
): Promise<{ readonly job: string; readonly wrapperScore: number }> {
  await using executor = createExecutor('/bin/sh', kind, { standing });
  const place = await places.create();
  const script = 'cat /proc/self/oom_score_adj; nice; until [ -e intent.json ]; do sleep 0.02; done';
  const command = { ...toCommand(script), workingDirectory: place.target.folder };
  const execution = await startCommand(executor, place, output === undefined ? command : { ...command, output });
  const job = await until('the job to print', async () => {
    const text = String(await place.readOutput().catch(() => ''));
    return text.split('\n').length > 2 && text;
  });
  const [pid] = (await readFile(`${place.target.folder}/started`, 'utf8')).split(' ');
  const wrapperScore = Number(await readFile(`/proc/${pid}/oom_score_adj`, 'utf8'));
  await place.writeIntent();
  await execution.ended;
  return { job, wrapperScore };
}

describe('how jobs stand beside the agent', () => {
  for (const kind of launcherKinds) {
    for (const output of [undefined, limited]) {
      const how = `${toName(kind)}${output === undefined ? '' : ', with a sink'}`;
      it(`a job is nicer than the agent and first to go for memory, its wrapper is not: ${how}`, async () => {
        const standing = readStandingBehind({ nice: 3, oomScore: 40 });

        const { job, wrapperScore } = await look(kind, { standing, output });

        assert.equal(job, `${ownScore + 40}\n${getPriority() + 3}\n`);
        assert.equal(wrapperScore, ownScore);
      });
    }

    it(`a job is the agent's equal where it is to be: ${toName(kind)}`, async () => {
      const standing = readStandingBehind({ nice: 0, oomScore: 0 });

      const { job } = await look(kind, { standing, output: undefined });

      assert.equal(job, `${ownScore}\n${getPriority()}\n`);
    });
  }

  it('by nothing, nothing is written of it', () => {
    assert.deepEqual(readStandingBehind({ nice: 0, oomScore: 0 }), equalStanding);
  });

  it('nobody stands further behind than the kernel knows', () => {
    assert.deepEqual(readStandingBehind({ nice: 39, oomScore: 2000 }), { nicerBy: 39, oomScoreAdj: 1000 });
  });
});
