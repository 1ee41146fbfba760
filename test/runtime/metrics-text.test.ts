import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toMetricsText } from '../../runtime/metrics-text.ts';

suite('metrics text', () => {
  test('gives each metric its help, its type and its samples, as Prometheus reads them', () => {
    const text = toMetricsText([
      { type: 'gauge', name: 'farhand_slots', help: 'Slots.', samples: [{ value: 8 }] },
      {
        type: 'counter',
        name: 'farhand_jobs_total',
        help: 'Jobs.',
        samples: [
          { labels: { outcome: 'failed', account: 'a' }, value: 0 },
          { labels: { outcome: 'succeeded', account: 'a' }, value: 1.5e21 },
        ],
      },
      { type: 'gauge', name: 'farhand_nothing', help: 'Nobody has one.', samples: [] },
    ]);

    assert.equal(
      text,
      `# HELP farhand_slots Slots.
# TYPE farhand_slots gauge
farhand_slots 8
# HELP farhand_jobs_total Jobs.
# TYPE farhand_jobs_total counter
farhand_jobs_total{outcome="failed",account="a"} 0
farhand_jobs_total{outcome="succeeded",account="a"} 1.5e+21
# HELP farhand_nothing Nobody has one.
# TYPE farhand_nothing gauge
`,
    );
  });

  test('escapes what a label or a help may hold', () => {
    const text = toMetricsText([
      {
        type: 'gauge',
        name: 'farhand_x',
        help: 'A \\ and\na line.',
        samples: [{ labels: { name: '"\\\n{},=é' }, value: Number.NEGATIVE_INFINITY }],
      },
    ]);

    assert.equal(
      text,
      '# HELP farhand_x A \\\\ and\\na line.\n# TYPE farhand_x gauge\nfarhand_x{name="\\"\\\\\\n{},=é"} -Inf\n',
    );
  });

  test('writes the buckets of a histogram, the last of them for everything', () => {
    const buckets = [
      { atMost: 0.1, count: 2 },
      { atMost: 1, count: 3 },
    ];
    const text = toMetricsText([
      {
        type: 'histogram',
        name: 'farhand_t_seconds',
        help: 'T.',
        samples: [{ labels: { route: '/jobs' }, buckets, sum: 4.5, count: 4 }],
      },
    ]);

    assert.equal(
      text,
      `# HELP farhand_t_seconds T.
# TYPE farhand_t_seconds histogram
farhand_t_seconds_bucket{route="/jobs",le="0.1"} 2
farhand_t_seconds_bucket{route="/jobs",le="1"} 3
farhand_t_seconds_bucket{route="/jobs",le="+Inf"} 4
farhand_t_seconds_sum{route="/jobs"} 4.5
farhand_t_seconds_count{route="/jobs"} 4
`,
    );
  });
});
