/** Something wrong with the catalog that a person must repair. */
export interface CatalogMistake {
  /** Path of the file, or of the folder when it cannot be read. */
  readonly file: string;
  /** From 1; null when the mistake is about the file as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  /** What was expected, what came, and what to do. */
  readonly message: string;
}

/** `path:line:column: message`, as editors and terminals understand it. */
export function formatMistake(mistake: CatalogMistake): string {
  const place = mistake.line === null ? mistake.file : `${mistake.file}:${mistake.line}:${mistake.column ?? 1}`;
  return `${place}: ${mistake.message}`;
}
