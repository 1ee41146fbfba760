import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kubeSkip } from '../support/kube-cluster.ts';
import { createDice } from '../support/seeded-dice.ts';
import { runRandomPods } from './random/random-pods.ts';

describe('jobs as pods, while the hub, agents, the cluster and single pods are struck at random', {
  skip: kubeSkip,
}, () => {
  it('have each one true end, every byte that can be proved, and leave nothing in the cluster', async (t) => {
    const jobs = 20;

    const figures = await runRandomPods({
      dice: createDice(),
      jobs,
      betweenStrikesMs: 10_000,
      say: (line) => t.diagnostic(line),
    });

    assert.equal(figures.jobs, jobs);
  });
});
