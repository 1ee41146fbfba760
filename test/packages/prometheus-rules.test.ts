import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { askPromtool, promtoolSkip } from '../support/promtool.ts';

const root = join(import.meta.dirname, '../..');
const path = join(root, 'deploy/prometheus/farhand.rules.yml');

describe('the rules for Prometheus', () => {
  it('ask for no metric that docs/metrics.md does not have, and are all named there', async () => {
    const [rules, page] = await Promise.all([readFile(path, 'utf8'), readFile(join(root, 'docs/metrics.md'), 'utf8')]);
    const known = new Set(
      [...page.matchAll(/^\| `(\w+)` \| (?:gauge|counter|histogram) \|/gm)].map(([, name]) => name),
    );

    const asked = [...rules.matchAll(/\bfarhand_(?:hub|agent)_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
    const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name);

    assert.ok(asked.length >= alerts.length);
    assert.deepEqual(
      asked.filter((name) => !known.has(name)),
      [],
    );
    const told = [...page.matchAll(/`(Farhand\w+)`/g)].map(([, name = '']) => name);
    assert.deepEqual([...new Set(told)].toSorted(), alerts.toSorted());
  });

  it('each have a row in troubleshooting that says where to look and what to do', async () => {
    const [rules, page] = await Promise.all([
      readFile(path, 'utf8'),
      readFile(join(root, 'docs/guides/troubleshooting.md'), 'utf8'),
    ]);
    const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name);

    const rows = [...page.matchAll(/^\| `(Farhand\w+)` \| \S.* \| \S.* \|$/gm)].map(([, name = '']) => name);

    assert.deepEqual(rows, alerts);
  });

  it('are understood by Prometheus', { skip: promtoolSkip }, () => {
    assert.equal(askPromtool(['check', 'rules', path]), '');
  });

  it('fire for what they are named after, and for nothing less', { skip: promtoolSkip }, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-rules-'));
    const file = join(folder.path, 'test.json');
    /** Promtool compares the words of an alert too. Whether it fires is seen by saying that it does not. */
    const fires = async (alert: string, minute: number, metrics: Readonly<Record<string, string>>) => {
      const input_series = Object.entries(metrics).map(([series, values]) => ({ series, values }));
      const alert_rule_test = [{ eval_time: `${minute}m`, alertname: alert, exp_alerts: [] }];
      const tests = [{ interval: '1m', input_series, alert_rule_test }];
      await writeFile(file, JSON.stringify({ rule_files: [path], tests }));
      return askPromtool(['test', 'rules', file]).includes(alert);
    };
    const waiting = (reason: string) => ({ [`farhand_hub_jobs_waiting{instance="h",reason="${reason}"}`]: '3x60' });
    const offered = (values: string) => ({ 'farhand_hub_last_offer_timestamp_seconds{instance="h"}': values });
    const agents = (offline: number) => ({
      'farhand_hub_agents{instance="h",state="online"}': '90x60',
      'farhand_hub_agents{instance="h",state="offline"}': `${offline}x60`,
    });

    const answers = [
      await fires('FarhandJobsWaitForSomebody', 4, waiting('labels')),
      await fires('FarhandJobsWaitForSomebody', 6, waiting('labels')),
      await fires('FarhandJobsWaitForSomebody', 30, waiting('slots')),
      await fires('FarhandHubGivesNothingAway', 30, { ...waiting('soon'), ...offered('0x60') }),
      await fires('FarhandHubGivesNothingAway', 30, { ...waiting('soon'), ...offered('0+60x60') }),
      await fires('FarhandHubGivesNothingAway', 30, { ...waiting('slots'), ...offered('0x60') }),
      await fires('FarhandAgentsOffline', 20, agents(30)),
      await fires('FarhandAgentsOffline', 20, agents(3)),
      await fires('FarhandLoopStuck', 20, { 'farhand_agent_loops_stuck{instance="a"}': '0x5 1x20' }),
      await fires('FarhandLoopLate', 20, { 'farhand_agent_loop_lag_max_seconds{instance="a"}': '0x18 12 0x9' }),
      await fires('FarhandLoopLate', 20, { 'farhand_hub_loop_lag_max_seconds{instance="h"}': '9x60' }),
      await fires('FarhandAgentTakesNothing', 20, {
        'farhand_agent_admission_closed{instance="a",reason="memory"}': '1x30',
        'farhand_agent_admission_closed{instance="a",reason="io"}': '0x30',
      }),
      await fires('FarhandAgentTakesNothing', 10, {
        'farhand_agent_admission_closed{instance="a",reason="memory"}': '1x30',
      }),
      await fires('FarhandCertificateEnds', 90, {
        'farhand_hub_tls_expiry_timestamp_seconds{instance="h",which="certificate"}': '1000000x90',
      }),
      await fires('FarhandCertificateEnds', 90, {
        'farhand_hub_tls_expiry_timestamp_seconds{instance="h",which="certificate"}': '2000000x90',
      }),
      await fires('FarhandTlsFilesUnusable', 20, { 'farhand_hub_tls_files_unusable{instance="h"}': '1x30' }),
      await fires('FarhandTlsFilesUnusable', 20, { 'farhand_hub_tls_files_unusable{instance="h"}': '0x30' }),
      await fires('FarhandClusterUnreachable', 20, { 'farhand_agent_kubernetes_connected{instance="a"}': '0x30' }),
      await fires('FarhandClusterUnreachable', 20, {
        'farhand_agent_kubernetes_connected{instance="a"}': '1x30',
        'farhand_agent_kubernetes_watch_state{instance="a",resource="jobs",state="stale"}': '0x30',
      }),
      await fires('FarhandClusterUnreachable', 20, {
        'farhand_agent_kubernetes_connected{instance="a"}': '1x30',
        'farhand_agent_kubernetes_watch_state{instance="a",resource="pods",state="stale"}': '1x30',
      }),
      await fires('FarhandClusterPermissionsMissing', 20, {
        'farhand_agent_kubernetes_missing_permissions{instance="a"}': '1x30',
      }),
      await fires('FarhandClusterCallsWait', 30, {
        'farhand_agent_kubernetes_waited_seconds_total{instance="a"}': '0+120x40',
      }),
      await fires('FarhandClusterCallsWait', 30, {
        'farhand_agent_kubernetes_waited_seconds_total{instance="a"}': '0+12x40',
      }),
      await fires('FarhandPodsBeginSlowly', 40, {
        'farhand_agent_kubernetes_start_seconds_bucket{instance="a",le="60"}': '0+8x50',
        'farhand_agent_kubernetes_start_seconds_bucket{instance="a",le="120"}': '0+10x50',
        'farhand_agent_kubernetes_start_seconds_bucket{instance="a",le="+Inf"}': '0+10x50',
      }),
      await fires('FarhandHubDown', 20, {}),
      await fires('FarhandHubDown', 20, { 'farhand_hub_info{instance="h"}': '1x60' }),
    ];

    assert.deepEqual(answers, [
      false,
      true,
      false,
      true,
      false,
      false,
      true,
      false,
      true,
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
  });
});
