/** What the agent said of the automation when an attempt was offered. */
export const retrySafeSchema = `
alter table attempts add column retry_safe integer;
`;
