import { type Command, Option } from 'commander';
import { type ConfigKey, type ConfigSchema, toFileVariable, toFlag } from '../runtime/configuration/config-key.ts';
import type { ConfigSources } from '../runtime/configuration/load-configuration.ts';
import type { Context } from './context.ts';

/** Gives a command a flag for each key of a configuration, two for a secret. Help says of each what `docs/config.md` says. */
export function addConfigOptions(command: Command, schema: ConfigSchema, heading: string): Command {
  for (const key of Object.values(schema)) {
    const flag = toFlag(key.variable);
    const value = key.format.placeholder === null ? '' : ` <${key.format.placeholder}>`;
    command.addOption(new Option(`${flag}${value}`, toHelp(key)).helpGroup(heading));
    if (key.sensitive) {
      const fileHelp = `file that holds it, which other users cannot see in the list of processes (${toFileVariable(key.variable)})`;
      command.addOption(new Option(`${flag}-file <path>`, fileHelp).helpGroup(heading));
    }
  }
  return command;
}

/** The values of those flags, by variable, beside the environment. */
export function toConfigSources(command: Command, schema: ConfigSchema, { environment }: Context): ConfigSources {
  const given: Readonly<Record<string, unknown>> = command.optsWithGlobals();
  const flags: Record<string, string> = {};
  for (const { variable, sensitive } of Object.values(schema)) {
    for (const name of sensitive ? [variable, toFileVariable(variable)] : [variable]) {
      const value = given[toAttribute(name)];
      // Commander keeps a flag without a value as true.
      if (typeof value === 'string') flags[name] = value;
      else if (value === true) flags[name] = 'true';
    }
  }
  return { environment, flags };
}

function toHelp(key: ConfigKey<unknown>): string {
  const otherwise = key.defaultDoc ?? (key.default === null || key.default === '' ? null : key.default);
  return `${key.doc} (${key.variable}${otherwise === null ? '' : `; default: ${otherwise}`})`;
}

/** `FARHAND_HUB_URL` → `hubUrl`, the name under which commander keeps `--hub-url`. */
function toAttribute(variable: string): string {
  return toFlag(variable)
    .slice(2)
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
