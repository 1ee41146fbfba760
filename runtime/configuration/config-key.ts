/** What texts a key takes and what value they become. */
export interface ConfigFormat<T> {
  /** Ends the sentence "expected …". */
  readonly expected: string;
  /** Stands for the value in help, as in `--listen <host:port>`; null for a flag that takes none. */
  readonly placeholder: string | null;
  /** Answers undefined for a text that is not of this format. */
  fromText(text: string): T | undefined;
  /** Of a list: the texts of its entries, so that each that is wrong has a mistake of its own. */
  readonly toEntries?: (text: string) => readonly string[];
  /** JSON Schema of what stands for the value in a document, such as the values of a chart. Left out where that is text and no more is known. */
  readonly schema?: JsonSchema;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * One setting of a process. It is known by its variable; the flag and the lines in help and `docs/config.md` follow from it.
 *
 * `default` is text, as somebody would write it, so that a default goes the way of every other value; null leaves the value null.
 * A `sensitive` value is never shown, and may also come from a file: `<variable>_FILE`.
 */
export interface ConfigKey<T> {
  readonly variable: `FARHAND_${string}`;
  readonly doc: string;
  readonly format: ConfigFormat<T>;
  readonly default: string | null;
  /** Said instead of the default where that depends on the machine. */
  readonly defaultDoc?: string;
  readonly sensitive: boolean;
}

export type ConfigSchema = Readonly<Record<string, ConfigKey<unknown>>>;

/** The values of a schema, by key. */
export type ConfigOf<S extends ConfigSchema> = {
  readonly [Key in keyof S]: S[Key] extends { readonly format: ConfigFormat<infer T>; readonly default: infer D }
    ? D extends null
      ? T | null
      : T
    : never;
};

/** `FARHAND_LOG_LEVEL` → `--log-level`. */
export function toFlag(variable: string): string {
  return `--${variable
    .replace(/^FARHAND_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}`;
}

/** The variable that names a file which holds the value. */
export function toFileVariable(variable: string): string {
  return `${variable}_FILE`;
}
