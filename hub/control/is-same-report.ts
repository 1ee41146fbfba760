import { isDeepStrictEqual } from 'node:util';
import type { AgentReport } from '../../protocol/agent-report.ts';

/** Whether two reports differ in nothing but what changes with every job: slots in use and the lag of the event loop. */
export function isSameReport(one: AgentReport, other: AgentReport): boolean {
  return isDeepStrictEqual(toLasting(one), toLasting(other));
}

function toLasting({ loopLagMs: _lag, slots, ...lasting }: AgentReport): object {
  return { ...lasting, slots: slots.total };
}
