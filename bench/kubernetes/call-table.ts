import type { Row, Table } from '../report/table.ts';
import { type CallCounts, sumCalls } from './call-counts.ts';

/** What was called for `count` jobs of one way. */
export interface CountedWay {
  readonly name: string;
  readonly count: number;
  /** Null where no agent is. */
  readonly agentCalls: CallCounts | null;
  readonly serverCalls: CallCounts;
}

/** Each call that farhand makes for a job, beside what the server counted of the same. */
export function toCallTable(found: readonly CountedWay[]): Table {
  const rows = found.flatMap(({ name, count, agentCalls, serverCalls }): readonly Row[] => {
    const all = sumCalls(serverCalls) / count;
    if (agentCalls === null) return [{ what: name, cells: [null, null, all] }];
    const ours = [...agentCalls].filter(([, calls]) => calls > 0).toSorted(([, one], [, other]) => other - one);
    const byServer = ours.reduce((sum, [call]) => sum + (serverCalls.get(call) ?? 0), 0);
    return [
      { what: name, cells: [sumCalls(agentCalls) / count, byServer / count, all] },
      ...ours.map(([call, calls]) => ({
        what: `${name}: ${call}`,
        cells: [calls / count, (serverCalls.get(call) ?? 0) / count, null],
      })),
    ];
  });
  return {
    title: 'Requests to the API server per job',
    columns: ['by farhand’s own count', 'the same, by the server', 'all of a job, by the server'],
    rows,
    notes: [
      'To Jobs, pods, Secrets and events. The server does not tell who asked: what it counts more of the same are others. All of a job is what the scheduler, the controllers and the kubelet ask beside.',
    ],
  };
}
