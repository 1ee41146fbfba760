/**
 * A place in a trace, as W3C Trace Context writes it: https://www.w3.org/TR/trace-context/. Whoever takes part keeps the trace's id,
 * puts its own span in the place of the parent, and passes that on.
 */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** Of the span that the receiver's is a child of: 16 lower-case hex digits, not all zero. */
  readonly parentId: string;
  /** Of the two flags that have a meaning: 1 sampled, 2 the trace's id is random. */
  readonly flags: number;
}

const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const knownFlags = 0b11;

/**
 * Reads a `traceparent`. Null for what is none: the specification has it ignored, and a trace begun anew. Of a version to come the
 * beginning counts, as the specification says.
 */
export function parseTraceparent(text: unknown): TraceContext | null {
  const [, version, traceId, parentId, flags, rest] = (typeof text === 'string' ? pattern.exec(text) : null) ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return null;
  if (version === '00' && rest !== undefined) return null;
  return { traceId, parentId, flags: Number.parseInt(flags, 16) & knownFlags };
}

export function toTraceparent({ traceId, parentId, flags }: TraceContext): string {
  return `00-${traceId}-${parentId}-${flags.toString(16).padStart(2, '0')}`;
}

/**
 * The span of a job or an attempt: the last 16 digits of its id. So everybody who knows the id knows the span, and an attempt whose
 * document is sent again has the same one.
 */
export function toSpanId(id: string): string {
  return id.replaceAll('-', '').slice(-16).toLowerCase();
}

/** The same trace with the span of the job or attempt `id` as parent; null where there is no trace. */
export function continueTrace(traceparent: string | null, id: string): string | null {
  const context = parseTraceparent(traceparent);
  return context === null ? null : toTraceparent({ ...context, parentId: toSpanId(id) });
}

export function toTraceId(traceparent: string | null | undefined): string | null {
  return parseTraceparent(traceparent)?.traceId ?? null;
}
