import { resolve } from 'node:path';
import { Command } from 'commander';
import type { RestoredBackup } from '../../hub/backup/restore-backup.ts';
import { hubConfigSchema } from '../../hub/config.ts';
import { systemClock } from '../../runtime/clock.ts';
import { loadConfiguration } from '../../runtime/configuration/load-configuration.ts';
import { systemRandom } from '../../runtime/random.ts';
import { toBackupFailure } from '../backup-failure.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { listenForInterruption } from '../interruption.ts';
import { printJson } from '../json-document.ts';

const schema = { data: hubConfigSchema.data };

const details = `
Into a folder that is empty or not there. The store gets a new id, so agents that knew the one before keep what they have, stop
nothing, and take nothing from the restored hub until somebody on their own machine says \`farhand agent trust-hub\`. Jobs that waited
when the backup was made may have run since; nobody can know it from the backup. Look at them before agents trust the hub, or have
them cancelled here.`;

interface RestoreOptions {
  readonly cancelQueued?: true;
  readonly json?: true;
}

export function createRestoreCommand(context: Context): Command {
  const command = new Command('restore')
    .description("make a hub's data folder of a backup")
    .argument('<file>', 'what `farhand backup` made')
    .option('--cancel-queued', 'cancel the jobs that waited when it was made, for they may have run since')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action((file: string, options: RestoreOptions) => restore(command, context, { file, ...options }));
  addExamples(command, ['farhand restore FILE.tar --data /var/lib/farhand/hub', 'and it says what to do next']);
  return addConfigOptions(command, schema, 'Configuration:');
}

async function restore(
  command: Command,
  context: Context,
  options: RestoreOptions & { readonly file: string },
): Promise<void> {
  const { file } = options;
  const cancelQueued = options.cancelQueued === true;
  const json = options.json === true;
  const { data } = loadConfiguration(schema, toConfigSources(command, schema, context));
  const dataFolder = resolve(context.folder, data);
  const path = resolve(context.folder, file);
  const { restoreBackup } = await import('../../hub/backup/restore-backup.ts');
  using interruption = listenForInterruption();
  const restored = await restoreBackup({
    path,
    dataFolder,
    cancelQueued,
    clock: systemClock,
    random: systemRandom,
    signal: interruption.signal,
  }).catch((error: unknown) => {
    const code = interruption.exitCode();
    if (code === null) throw toBackupFailure(error, { data: dataFolder, file: path });
    context.exitWith(code);
    return null;
  });
  if (restored === null) return context.stderr.line('stopped; nothing was kept');
  if (json) {
    const { manifest, storeId, queued, running, agents } = restored;
    await printJson(context, { data: dataFolder, from: manifest, storeId, queued, running, agents });
    return;
  }
  for (const line of toLines(restored, { dataFolder, cancelQueued })) await context.stdout.line(line);
}

function toLines(
  { manifest, seal, storeId, queued, running, agents }: RestoredBackup,
  { dataFolder, cancelQueued }: { readonly dataFolder: string; readonly cancelQueued: boolean },
): readonly string[] {
  const waited = cancelQueued ? `${queued} waited and are cancelled` : `${queued} waited`;
  const steps = [
    'Keep the hub that this is a copy of from running: two hubs give the same jobs twice.',
    `Start this one where agents and people look for it: farhand hub --data ${dataFolder}`,
    ...(queued === 0 || cancelQueued
      ? []
      : [
          'See what waited, and cancel what has run since (nothing of it starts before step 4): farhand jobs --state queued; farhand cancel ID',
        ]),
    `On the machine of each agent: farhand agent trust-hub${agents.length === 0 ? '' : ` (${toNames(agents)})`}`,
    ...(running === 0
      ? []
      : ['Jobs that ran go on, or end as lost where their agent has delivered them already: farhand jobs']),
  ].map((step, index) => `  ${index + 1}. ${step}`);
  return [
    `restored into ${dataFolder}: the store as of ${manifest.madeAt}, and ${seal.logs} logs`,
    `jobs that were open then: ${running} ran or were being given to an agent, ${waited}`,
    `the store's new id is ${storeId}: agents that knew ${manifest.storeId} take nothing from it yet`,
    ...(manifest.hasSecretKey
      ? []
      : ['the backup has no key: secrets of jobs that waited are lost, and idempotency keys from before do not fit']),
    'next:',
    ...steps,
  ];
}

const maxNames = 10;

function toNames(agents: readonly string[]): string {
  const shown = agents.slice(0, maxNames).join(', ');
  return agents.length > maxNames ? `${shown} and ${agents.length - maxNames} more` : shown;
}
