/** The system's or OpenSSL's own code of an error, empty where there is none. */
export function toSystemCode(error: unknown): string {
  if (error instanceof AggregateError) return toSystemCode(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What an error says. A connection tried at several addresses fails with one whose own message is empty. */
export function toSystemWords(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(toSystemWords).join('; ');
  return error instanceof Error ? error.message : String(error);
}
