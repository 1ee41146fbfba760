import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { LiveAgent } from '../../../hub/fleet/live-agent.ts';
import { leastLoaded } from '../../../hub/scheduler/least-loaded.ts';

function agentOf(name: string, busyTotal: number, slots: number, leaseEpoch: number | null = 1): LiveAgent {
  return { name, busyTotal, slots, leaseEpoch } as unknown as LiveAgent;
}

it('The agent with the smallest part of its slots taken is the least loaded, and of equal ones the first', () => {
  const any = () => true;
  const [large, small] = [agentOf('large', 2, 8), agentOf('small', 1, 2)];
  const [first, second] = [agentOf('first', 1, 4), agentOf('second', 2, 8)];

  assert.equal(leastLoaded([small, large], any), large);
  assert.equal(leastLoaded([first, second], any), first);
});

it('An agent that is full, or that nobody can reach, is not the least loaded, nor one that cannot take it', () => {
  const full = agentOf('full', 2, 2);
  const offline = agentOf('offline', 0, 4, null);
  const other = agentOf('other', 0, 4);
  const busy = agentOf('busy', 3, 4);

  assert.equal(
    leastLoaded([full, offline, other, busy], (agent) => agent !== other),
    busy,
  );
  assert.equal(
    leastLoaded([full, offline], () => true),
    null,
  );
});
