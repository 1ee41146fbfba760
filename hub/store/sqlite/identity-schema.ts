/**
 * Where somebody asked for what the audit tells of. Of agents: a key that is to take the place of the one they came with, until it was used for the
 * first time.
 */
export const identitySchema = `
alter table audit add column request_id text;
alter table audit add column remote text;
alter table agents add column next_public_key text;
`;
