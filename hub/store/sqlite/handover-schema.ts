/** Attempts whose command runs beside a runner of its own: how far that is, which folder of a runner got the document, and its newest session. */
export const handoverSchema = `
alter table attempts add column handover text;
alter table attempts add column runner_folder_id text;
alter table attempts add column runner_starts integer;
alter table attempts add column runner_opens integer;
`;
