import { parseTraceparent, toSpanId, toTraceparent } from '../protocol/trace-context.ts';
import { parseTracestate } from '../protocol/tracestate.ts';
import type { Random } from '../runtime/random.ts';

/** What a caller says of its trace. More than one `traceparent` is none. */
export interface TraceHeaders {
  readonly traceparent?: string | string[] | undefined;
  readonly tracestate?: string | string[] | undefined;
}

/** The place in a trace that a job is submitted at. */
export interface Trace {
  readonly traceparent: string;
  readonly tracestate: string | null;
}

/**
 * The caller's place in its trace. Without one that can be read a trace is begun, with the job `id` as its first span: sampled, or programs
 * that go by the flag would record nothing of it.
 */
export function beginTrace(id: string, headers: TraceHeaders, random: Random): Trace {
  const caller = parseTraceparent(headers.traceparent);
  if (caller !== null) return { traceparent: toTraceparent(caller), tracestate: parseTracestate(headers.tracestate) };
  const traceId = random.uuid().replaceAll('-', '');
  return { traceparent: toTraceparent({ traceId, parentId: toSpanId(id), flags: 1 }), tracestate: null };
}
