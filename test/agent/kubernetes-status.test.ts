import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { toKubernetesMetrics } from '../../agent/kubernetes-metrics.ts';
import { toKubernetesSections } from '../../agent/kubernetes-sections.ts';
import { toMetricsText } from '../../runtime/metrics-text.ts';
import { toStatusHtml } from '../../runtime/status-html.ts';
import { toClusterAccountStatus } from '../support/sample-cluster-account.ts';

const now = Date.parse('2026-11-30T12:01:00.000Z');
const page = (kubernetes: ReturnType<typeof toClusterAccountStatus>) =>
  toStatusHtml({
    title: 't',
    heading: 'h',
    subtitle: 's',
    sections: toKubernetesSections({ kubernetes }, now),
  }).replaceAll(/<[^>]+>/g, ' ');

/** Paths of all fields, a list by its first element, a record of counts by its name alone. */
function fieldsOf(value: unknown, path: string): readonly string[] {
  const counts = /\.(requests\.requests|jobs\.states|ended|adopted|gaps|start)$/;
  if (typeof value !== 'object' || value === null || counts.test(path)) return [path];
  if (Array.isArray(value)) return fieldsOf(value[0], path);
  return Object.entries(value).flatMap(([key, one]) => fieldsOf(one, `${path}.${key}`));
}

describe('the status of a cluster', () => {
  it('is in the metrics, and without a cluster in none', () => {
    const text = toMetricsText(toKubernetesMetrics({ kubernetes: toClusterAccountStatus() }));
    const none = toMetricsText(toKubernetesMetrics({ kubernetes: null }));

    for (const line of [
      'farhand_agent_kubernetes_connected 1',
      'farhand_agent_kubernetes_requests_total{verb="create",resource="jobs",code="201"} 3',
      'farhand_agent_kubernetes_waits_total 2',
      'farhand_agent_kubernetes_waited_seconds_total 1.5',
      'farhand_agent_kubernetes_jobs{state="running"} 1',
      'farhand_agent_kubernetes_jobs_ended_total{cause="evicted"} 0',
      'farhand_agent_kubernetes_jobs_adopted_total{found="gone"} 0',
      'farhand_agent_kubernetes_start_seconds_count 0',
      'farhand_agent_kubernetes_watch_state{namespace="jobs",resource="pods",state="current"} 1',
      'farhand_agent_kubernetes_watch_lists_total{namespace="jobs",resource="jobs"} 1',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line} in\n${text}`);
    }
    assert.deepEqual(
      none.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
      [],
    );
  });

  it('counts a server that does not answer, and one that was not asked, as not connected', () => {
    const since = '2026-11-30T12:00:00.000Z';
    for (const connection of [
      { state: 'unreachable', since, error: 'no route' },
      { state: 'untried', since: null, error: null },
    ] as const) {
      const text = toMetricsText(toKubernetesMetrics({ kubernetes: toClusterAccountStatus({ connection }) }));

      assert.match(text, /^farhand_agent_kubernetes_connected 0$/m);
    }
  });

  it('is on the page: the server and since when, permissions, requests, Jobs, leftovers and watches', () => {
    const text = page(toClusterAccountStatus());

    for (const words of [
      /https:\/\/10\.0\.0\.1:6443\/, by the service account of the pod, namespace jobs/,
      /connected for 60 s/,
      /all there, asked 60 s ago/,
      /3 so far, 2 waited for their turn, 2 s in all; 3 streams open/,
      /1 running/,
      /looked for, 0 deleted/,
      /pods +jobs +current for 60 s +1 +1 +2 +60 s ago/,
    ]) {
      assert.match(text, words);
    }
  });

  it('says on the page what is wrong', () => {
    const sample = toClusterAccountStatus();
    const [jobs] = sample.jobs.watches;
    assert.ok(jobs);

    const text = page({
      ...sample,
      connection: { state: 'unreachable', since: '2026-11-30T12:00:30.000Z', error: 'no route to host' },
      missing: ['expected the permission to …'],
      jobs: {
        ...sample.jobs,
        sweep: { done: false, error: 'list jobs.batch: 403' },
        watches: [{ ...jobs, state: 'stale', error: 'refused' }],
      },
    });

    assert.match(text, /unreachable for 30 s: no route to host/);
    assert.match(text, /1 missing, see the problems/);
    assert.match(text, /not yet: list jobs\.batch: 403/);
    assert.match(text, /stale for 60 s: refused/);
  });

  it('has each field explained in docs/status.md, and no other', async () => {
    const text = await readFile(join(import.meta.dirname, '../../docs/status.md'), 'utf8');

    const explained = [...text.matchAll(/^\| `(kubernetes\.[\w.]+)` \|/gm)].map(([, path]) => path);

    assert.deepEqual(explained, fieldsOf(toClusterAccountStatus(), 'kubernetes'));
  });
});
