import { toAgo, toSpan } from '../runtime/loop-rows.ts';
import type { Cell, PageSection } from '../runtime/status-html.ts';
import type { AgentStatus } from './agent-status.ts';
import type { ClusterAccountStatus } from './kubernetes/cluster-account.ts';

function toConnectionCell({ connection }: ClusterAccountStatus, now: number): Cell {
  const { state, since, error } = connection;
  if (since === null) return 'not asked yet';
  const text = `${state} for ${toSpan(now - Date.parse(since))}${error === null ? '' : `: ${error}`}`;
  return { text, look: state === 'connected' ? 'good' : 'bad' };
}

function toPermissionCell({ missing, error, checkedAt }: ClusterAccountStatus, now: number): Cell {
  if (error !== null) return { text: `cannot be asked for: ${error}`, look: 'bad' };
  if (missing.length > 0) return { text: `${missing.length} missing, see the problems`, look: 'bad' };
  return checkedAt === null ? 'not asked for yet' : { text: `all there, asked ${toAgo(checkedAt, now)}`, look: 'good' };
}

function toRequestWords({ requests }: ClusterAccountStatus): string {
  const { waits, waitedMs, streams } = requests;
  const count = requests.requests.reduce((sum, row) => sum + row.count, 0);
  const waited = waits === 0 ? 'none waited' : `${waits} waited for their turn, ${toSpan(waitedMs)} in all`;
  return `${count} so far, ${waited}; ${streams} streams open`;
}

function toCounts(counts: Readonly<Record<string, number>>, none: string): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? none : some.map(([name, count]) => `${count} ${name}`).join(', ');
}

function toSweepCell({ jobs }: ClusterAccountStatus): Cell {
  const { counts, sweep } = jobs;
  if (sweep.error !== null) return { text: `not yet: ${sweep.error}`, look: 'warn' };
  return sweep.done ? `looked for, ${counts.swept} deleted` : 'not looked for yet';
}

/** The cluster that the agent uses, for its page; none where it uses none. */
export function toKubernetesSections({ kubernetes }: Pick<AgentStatus, 'kubernetes'>, now: number): PageSection[] {
  if (kubernetes === null) return [];
  const { jobs } = kubernetes;
  return [
    {
      title: `Cluster ${kubernetes.cluster}`,
      rows: [
        ['API server', `${kubernetes.server}, by ${kubernetes.from}, namespace ${kubernetes.namespace}`],
        ['connection', toConnectionCell(kubernetes, now)],
        ['permissions', toPermissionCell(kubernetes, now)],
        ['requests', toRequestWords(kubernetes)],
        ['Jobs', toCounts(jobs.states, 'none now')],
        ['ended Jobs', toCounts(jobs.counts.ended, 'none yet')],
        ['gaps in logs', toCounts(jobs.counts.gaps, 'none')],
        ['begun before', toCounts(jobs.counts.adopted, 'none')],
        ['leftovers', toSweepCell(kubernetes)],
      ],
    },
    {
      title: 'Watches',
      head: ['of', 'namespace', 'is', 'knows', 'lists', 'watches', 'last heard'],
      rows: jobs.watches.map((watch) => [
        watch.resource,
        watch.namespace ?? 'all',
        watch.error === null
          ? `${watch.state} for ${toSpan(now - Date.parse(watch.since))}`
          : { text: `${watch.state} for ${toSpan(now - Date.parse(watch.since))}: ${watch.error}`, look: 'bad' },
        String(watch.items),
        String(watch.lists),
        String(watch.watches),
        toAgo(watch.lastHeardAt, now),
      ]),
    },
  ];
}
