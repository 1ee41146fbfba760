import convict from 'convict';
import { ConfigError } from './config-error.ts';
import { type ConfigKey, type ConfigOf, type ConfigSchema, toFileVariable, toFlag } from './config-key.ts';
import { readSecretFiles } from './secret-file.ts';

/** Where values come from. A flag beats a variable. */
export interface ConfigSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By the variable that the flag stands for. */
  readonly flags: Readonly<Record<string, string>>;
}

/** A rule over several keys: answers a line for each mistake. Asked only about values that are each in order. */
export type ConfigRule<S extends ConfigSchema> = (config: ConfigOf<S>) => readonly string[];

/**
 * Reads, checks and freezes the configuration of one process. A variable that is set to nothing counts as not set. Throws `ConfigError`
 * with every mistake at once; each names the variable or flag, what was expected and, unless it is a secret, what came.
 */
export function loadConfiguration<S extends ConfigSchema>(
  schema: S,
  sources: ConfigSources,
  rule?: ConfigRule<S>,
): ConfigOf<S> {
  const given = { ...dropUnset(sources.environment), ...sources.flags };
  for (const variable of Object.keys(sources.flags)) dropOtherForm(given, variable, sources.flags);
  const secrets = readSecretFiles(schema, given);
  const mistakes = [...secrets.mistakes];

  const texts = convict<Record<string, string | null>>(toConvictSchema(schema, sources.flags, mistakes), {
    env: { ...given, ...secrets.values },
    args: [],
  });
  texts.validate({ allowed: 'strict' });
  if (mistakes.length > 0) throw new ConfigError(mistakes);

  const config = Object.freeze(toValues(schema, texts.getProperties()));
  const broken = rule?.(config) ?? [];
  if (broken.length > 0) throw new ConfigError(broken);
  return config;
}

/**
 * Every value is text to convict, so that it never guesses a type by the default. It asks `format` of each key; that notes a mistake
 * with the words of ours instead of throwing, because convict would add the value to the message.
 */
function toConvictSchema(
  schema: ConfigSchema,
  flags: ConfigSources['flags'],
  mistakes: string[],
): convict.Schema<Record<string, string | null>> {
  const entries = Object.entries(schema).map(([name, key]) => {
    const format = (value: unknown) => {
      if (typeof value !== 'string' || key.format.fromText(value) !== undefined) return;
      const wrong = key.format.toEntries?.(value).filter((entry) => key.format.fromText(entry) === undefined) ?? [];
      for (const text of wrong.length > 0 ? wrong : [value]) {
        const came = key.sensitive
          ? 'something else (a secret, not shown)'
          : JSON.stringify(toShown(text).slice(0, 200));
        mistakes.push(`${toPlace(key, flags)}: expected ${key.format.expected}, got ${came}`);
      }
    };
    return [
      name,
      { doc: key.doc, default: key.default, env: key.variable, sensitive: key.sensitive, nullable: true, format },
    ];
  });
  return Object.fromEntries(entries);
}

/** A URL may have a password in it, where none belongs. */
function toShown(value: string): string {
  return value.replace(/:\/\/.*@/s, '://…@');
}

function toPlace(key: ConfigKey<unknown>, flags: ConfigSources['flags']): string {
  return Object.hasOwn(flags, key.variable) ? `${toFlag(key.variable)} (${key.variable})` : key.variable;
}

function toValues<S extends ConfigSchema>(schema: S, texts: Readonly<Record<string, string | null>>): ConfigOf<S> {
  const entries = Object.entries(schema).map(([name, key]) => {
    const value = texts[name] ?? null;
    return [name, value === null ? null : key.format.fromText(value)];
  });
  return Object.fromEntries(entries) as ConfigOf<S>;
}

function dropUnset(environment: ConfigSources['environment']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  );
}

/** `--token` beats `FARHAND_TOKEN_FILE`, and `--token-file` beats `FARHAND_TOKEN`. */
function dropOtherForm(given: Record<string, string>, variable: string, flags: ConfigSources['flags']): void {
  const other = variable.endsWith('_FILE') ? variable.slice(0, -'_FILE'.length) : toFileVariable(variable);
  if (!Object.hasOwn(flags, other)) delete given[other];
}
