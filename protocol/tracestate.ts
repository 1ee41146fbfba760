const key = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/;
const value = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const maxMembers = 32;

/** As much as the specification asks everybody to pass on. */
export const maxTracestateLength = 512;

/**
 * Reads a `tracestate` of W3C Trace Context, what tracing systems say to themselves beside a `traceparent`, for passing it on as it is. Null
 * for what is none, or too long: the specification has it dropped, and the trace goes on without.
 */
export function parseTracestate(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const members = text
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '');
  const keys = members.map((member) => member.slice(0, Math.max(0, member.indexOf('='))));
  const isWhole = members.every(
    (member, index) => key.test(keys[index] ?? '') && value.test(member.slice((keys[index] ?? '').length + 1)),
  );
  const state = members.join(',');
  if (!isWhole || members.length === 0 || members.length > maxMembers || state.length > maxTracestateLength)
    return null;
  return new Set(keys).size === keys.length ? state : null;
}
