import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Lane, QueuedJob } from '../../../hub/scheduler/job-queue.ts';
import { LaneLine } from '../../../hub/scheduler/lane-line.ts';

function jobOf(id: string, priority = 0): QueuedJob {
  const asked = { account: 'a', automation: 'greet', selector: '', digest: null, misfits: [] };
  return { ...asked, id, priority, createdAt: 0 };
}

function laneOf(...jobs: QueuedJob[]): Lane {
  return { account: 'a', automation: 'greet', selector: [], selectorText: '', misfits: [], jobs };
}

it('Lanes of an account are served by the job at the head of each, also when that is another one by then', () => {
  const lanes = [
    laneOf(jobOf('9', 5), jobOf('4')),
    laneOf(jobOf('1'), jobOf('3'), jobOf('8')),
    laneOf(jobOf('2')),
    laneOf(jobOf('5'), jobOf('6'), jobOf('7')),
  ];
  const line = new LaneLine(lanes);

  const served: (string | undefined)[] = [];
  for (let lane = line.next(); lane !== null; lane = line.next()) {
    served.push(lane.jobs.shift()?.id);
    line.put(lane);
  }

  assert.deepEqual(served, ['9', '1', '2', '3', '4', '5', '6', '7', '8']);
});
