/** Outputs that cannot be taken. The message is for a person, and may hold a secret until it is masked. */
export class OutputsError extends Error {}
