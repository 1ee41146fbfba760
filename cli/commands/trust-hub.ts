import { resolve } from 'node:path';
import { Command } from 'commander';
import { agentConfigSchema } from '../../agent/config.ts';
import { toDataFolder } from '../../agent/data-folder.ts';
import { requestTrust } from '../../agent/hub-guard.ts';
import { loadConfiguration } from '../../runtime/configuration/load-configuration.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

const schema = { data: agentConfigSchema.data };

const details = `
To be called on the machine of an agent that takes no work because the hub lost or restored its store: from then on it
trusts the hub as it is. A job that the hub has forgotten may then run a second time, so find out first what happened.`;

export function createTrustHubCommand(context: Context): Command {
  const command = new Command('trust-hub')
    .description("trust the hub's store as it is now")
    .addHelpText('after', details)
    .action(async () => {
      const { data } = loadConfiguration(schema, toConfigSources(command, schema, context));
      const folder = toDataFolder(resolve(context.folder, data));
      if ((await systemFileSystem.lstat(folder.identity)) === null) {
        throw new Failure(
          exitCodes.usage,
          `expected the data folder of an agent that has joined a hub, got ${folder.root}`,
          ['Name it: --data FOLDER, or FARHAND_DATA'],
        );
      }
      await requestTrust(systemFileSystem, folder);
      await context.stdout.line(`the agent in ${folder.root} will trust the hub as it is`);
    });
  addExamples(command, ['farhand agent trust-hub --data /var/lib/farhand', 'on the machine of that agent']);
  return addConfigOptions(command, schema, 'Configuration:');
}
