import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Candidate } from '../../../hub/scheduler/candidate.ts';
import { whyNot } from '../../../hub/scheduler/why-not.ts';
import { parseLabelSelector } from '../../../protocol/label-selector.ts';

const greet = {
  name: 'greet',
  kind: 'command',
  executor: 'process',
  digest: '0'.repeat(64),
  description: null,
  parameters: null,
  outputs: null,
  timeoutSeconds: null,
  retrySafe: false,
  maxConcurrent: 2,
};

const able: Candidate = {
  id: 'x',
  account: 'a',
  name: 'a1',
  labels: { site: 'ams' },
  leaseEpoch: 1,
  schedulable: true,
  health: 'ok',
  closedBecause: null,
  slots: 4,
  busy: new Map(),
  busyTotal: 0,
  automations: new Map([['greet', greet]]),
};

const demand = { account: 'a', automation: 'greet', selector: parseLabelSelector('site in (ams,fra)'), misfits: [] };

describe('why an agent cannot take a job', () => {
  const rows: [string, Partial<Candidate>, ReturnType<typeof whyNot>][] = [
    ['nothing is in the way', {}, null],
    ['its labels are others', { labels: { site: 'nyc' } }, 'labels'],
    ['it does not offer the automation', { automations: new Map() }, 'automation'],
    ['it runs that by itself', { automations: new Map([['greet', { ...greet, kind: 'probe' }]]) }, 'automation'],
    ['it is not connected', { leaseEpoch: null }, 'offline'],
    ['somebody drains it', { schedulable: false }, 'draining'],
    ['it drains itself', { health: 'draining' }, 'draining'],
    ['it does not trust the store', { health: 'store-changed' }, 'store-changed'],
    ['it is under pressure', { closedBecause: 'memory pressure 43 %' }, 'pressure'],
    ['it is under pressure, and full', { closedBecause: 'memory pressure 43 %', busyTotal: 4 }, 'pressure'],
    ['it is under pressure, and drained', { closedBecause: 'x', schedulable: false }, 'draining'],
    ['its slots are taken', { busyTotal: 4 }, 'slots'],
    ['the automation runs as often as it may', { busy: new Map([['greet', 2]]), busyTotal: 2 }, 'automation-busy'],
    ['degraded is no reason', { health: 'degraded' }, null],
  ];
  for (const [title, change, expected] of rows) {
    it(title, () => {
      assert.equal(whyNot(demand, { ...able, ...change }), expected);
    });
  }

  it('the parameters were found not to fit its form of the automation', () => {
    assert.equal(whyNot({ ...demand, misfits: [greet.digest] }, able), 'parameters');
  });
});
