import { isDeepStrictEqual } from 'node:util';
import type { AgentReport } from '../../protocol/agent-report.ts';

/** Whether two reports differ in nothing but what changes all the time: slots in use, the lag of the event loop, what pressure was measured. */
export function isSameReport(one: AgentReport, other: AgentReport): boolean {
  return isDeepStrictEqual(toLasting(one), toLasting(other));
}

function toLasting({ loopLagMs: _lag, slots, admission, ...lasting }: AgentReport): object {
  return { ...lasting, slots: slots.total, admission: admission === null ? null : { ...admission, values: null } };
}
