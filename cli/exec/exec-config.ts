import { type AgentConfig, agentConfigSchema } from '../../agent/config.ts';
import type { ConfigSchema } from '../../runtime/configuration/config-key.ts';
import { type ConfigSources, loadConfiguration } from '../../runtime/configuration/load-configuration.ts';

const { automations, name, labels, graceSeconds } = agentConfigSchema;

/** What `farhand exec` reads of all that an agent can be told. */
export const execConfigSchema = { automations, name, labels, graceSeconds } as const satisfies ConfigSchema;

/** The configuration of an agent that is there for one job: what is not of `execConfigSchema` is as if it were not set. Throws `ConfigError`. */
export function loadExecConfig({ environment, flags }: ConfigSources, dataFolder: string): AgentConfig {
  const variables = Object.values(execConfigSchema).map(({ variable }) => variable);
  const own = Object.fromEntries(variables.map((variable) => [variable, environment[variable]]));
  return {
    ...loadConfiguration(agentConfigSchema, { environment: own, flags }),
    data: dataFolder,
    slots: 1,
    // There is no other agent to leave the job to, and nobody else that it would be in the way of.
    admission: 'always',
    jobNice: 0,
    jobOomScore: 0,
  };
}
