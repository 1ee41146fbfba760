import { parseTraceparent, toTraceparent } from '../protocol/trace-context.ts';
import { parseTracestate } from '../protocol/tracestate.ts';

/** Options of a call that makes a job. */
export interface CallerTrace {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * The trace that this command is called in, as programs hand it down: a pipeline whose steps are spans sets `TRACEPARENT` and
 * `TRACESTATE`. What cannot be read is as if it were not there: the hub begins a trace then.
 */
export function readCallerTrace(environment: Readonly<Record<string, string | undefined>>): CallerTrace {
  const context = parseTraceparent(environment['TRACEPARENT']);
  if (context === null) return {};
  const tracestate = parseTracestate(environment['TRACESTATE']);
  return { traceparent: toTraceparent(context), ...(tracestate === null ? {} : { tracestate }) };
}
