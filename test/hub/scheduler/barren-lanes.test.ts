import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { LiveAgent } from '../../../hub/fleet/live-agent.ts';
import { BarrenLanes } from '../../../hub/scheduler/barren-lanes.ts';
import type { Lane } from '../../../hub/scheduler/job-queue.ts';

function agentOf(account: string): LiveAgent {
  return { account } as unknown as LiveAgent;
}

it('a lane that nobody could serve is looked at again for agents of its account that are fresh, and for no others', () => {
  const barren = new BarrenLanes();
  const lane = { account: 'a' } as unknown as Lane;
  const [own, hubs, others, tired] = [agentOf('a'), agentOf('default'), agentOf('b'), agentOf('a')];
  const all = [own, hubs, tired];

  assert.deepEqual(barren.candidates(lane, all), all);
  barren.found(lane);
  barren.passed(new Set());
  assert.deepEqual([...barren.candidates(lane, all)], []);
  for (const agent of [own, hubs, others]) barren.freshened(agent);

  assert.deepEqual([...barren.candidates(lane, all)], [own, hubs]);
  barren.passed(new Set());
  assert.deepEqual([...barren.candidates(lane, all)], []);
});
