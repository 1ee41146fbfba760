import type { Argument, Option } from 'commander';

/** Where the values of an option or an argument come from. */
export type ValueSource =
  | { readonly type: 'choices'; readonly choices: readonly string[] }
  | {
      readonly type:
        | 'automations'
        | 'agents'
        | 'jobs'
        | 'nodes'
        | 'apps'
        | 'tokens'
        | 'parameters'
        | 'agent-labels'
        | 'job-labels'
        | 'files'
        | 'folders'
        | 'unknown';
    };

type SourceType = Exclude<ValueSource['type'], 'choices'>;

/** By the name that the value has in the help: whoever adds a command gets completions by calling things what they are called. */
const byName: Readonly<Record<string, SourceType>> = {
  automation: 'automations',
  agent: 'agents',
  id: 'jobs',
  node: 'nodes',
  app: 'apps',
  job: 'jobs',
  'token-id': 'tokens',
  file: 'files',
  path: 'files',
  folder: 'folders',
};

/** Of options whose value has another name, or a name that says too little. */
const byFlag: Readonly<Record<string, SourceType>> = {
  '--automation': 'automations',
  '--agent': 'agents',
  '--parameter': 'parameters',
  '--selector': 'agent-labels',
  '--label': 'job-labels',
};

export function toOptionSource(option: Option): ValueSource {
  if (option.argChoices !== undefined) return { type: 'choices', choices: option.argChoices };
  const name = /[<[]([\w-]+)/.exec(option.flags)?.[1] ?? '';
  return { type: byFlag[option.long ?? ''] ?? byName[name] ?? 'unknown' };
}

export function toArgumentSource(argument: Argument): ValueSource {
  if (argument.argChoices !== undefined) return { type: 'choices', choices: argument.argChoices };
  return { type: byName[argument.name()] ?? 'unknown' };
}
