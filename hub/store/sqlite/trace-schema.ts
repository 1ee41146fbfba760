/** Which trace an attempt belongs to, and what tracing systems say to themselves about the one of a job. */
export const traceSchema = `
alter table jobs add column tracestate text;
alter table attempts add column traceparent text;
`;
