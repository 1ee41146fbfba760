import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { MadeBackup } from '../../hub/backup/create-backup.ts';
import { hubConfigSchema } from '../../hub/config.ts';
import { toByteWords } from '../../runtime/byte-words.ts';
import { systemClock } from '../../runtime/clock.ts';
import { loadConfiguration } from '../../runtime/configuration/load-configuration.ts';
import { systemRandom } from '../../runtime/random.ts';
import { toBackupFailure } from '../backup-failure.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { listenForInterruption } from '../interruption.ts';
import { printJson } from '../json-document.ts';
import { createBackupVerifyCommand } from './backup-verify.ts';

const schema = { data: hubConfigSchema.data };

const details = `
On the hub's machine, as the hub's user; the hub may run, and jobs go on. The file appears under its name when it is whole and on
the disk, never over another one. It is an archive that plain tar reads: a copy of the store as it was at one moment, the logs,
and the key that secrets of open jobs are sealed with. Who has it can read all that jobs were given and printed: keep it like
the hub's own disk, or leave the key out (the secrets of jobs that wait are lost then).`;

interface BackupOptions {
  readonly withoutSecretKey?: true;
  readonly json?: true;
}

const progressEveryMs = 5_000;

export function createBackupCommand(context: Context): Command {
  const command = new Command('backup')
    .description("copy a hub's store and logs into one file, while it runs")
    .argument('<file>', 'what to make; in a folder that is there, a file named after the time')
    .option('--without-secret-key', 'leave out the key that secrets of open jobs are sealed with')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action((file: string, options: BackupOptions) => backUp(command, context, { file, ...options }));
  addExamples(
    command,
    ['farhand backup /mnt/backups --data /var/lib/farhand/hub', 'into a file named after the time'],
    ['farhand backup verify /mnt/backups/FILE.tar', 'is it whole, and are the logs what the store says?'],
  );
  addConfigOptions(command, schema, 'Configuration:');
  return command.addCommand(createBackupVerifyCommand(context));
}

async function backUp(
  command: Command,
  context: Context,
  options: BackupOptions & { readonly file: string },
): Promise<void> {
  const { data } = loadConfiguration(schema, toConfigSources(command, schema, context));
  const dataFolder = resolve(context.folder, data);
  const target = await toTarget(resolve(context.folder, options.file));
  const { createBackup } = await import('../../hub/backup/create-backup.ts');
  using interruption = listenForInterruption();
  const made = await createBackup({
    dataFolder,
    target,
    withSecretKey: options.withoutSecretKey !== true,
    clock: systemClock,
    random: systemRandom,
    onProgress: createProgress(context),
    signal: interruption.signal,
  }).catch((error: unknown) => {
    const code = interruption.exitCode();
    if (code === null) throw toBackupFailure(error, { data: dataFolder, file: target });
    context.exitWith(code);
    return null;
  });
  if (made === null) return context.stderr.line('stopped; nothing was kept');
  await report(context, made, { target, json: options.json === true });
}

async function report(
  context: Context,
  { manifest, seal, bytes, damagedLogs }: MadeBackup,
  { target, json }: { readonly target: string; readonly json: boolean },
): Promise<void> {
  const { stdout, stderr } = context;
  if (json) await printJson(context, { file: target, bytes, ...manifest, logs: seal.logs, damagedLogs });
  else await stdout.line(target);
  await stderr.line(
    `${toByteWords(bytes)}: the store as of ${manifest.madeAt} and ${seal.logs} logs${manifest.hasSecretKey ? ', with the key to secrets of open jobs: keep it as safe as the hub' : ''}`,
  );
  for (const attempt of damagedLogs) {
    await stderr.line(
      `the log of attempt ${attempt} was damaged before: the hub's disk does not have all that its store says`,
    );
  }
}

async function toTarget(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
  const time = new Date(systemClock.now()).toISOString().replaceAll(/[-:]/g, '');
  return isFolder ? join(path, `farhand-${time}.tar`) : path;
}

function createProgress({ stderr }: Context): (bytes: number) => void {
  let toldAt = systemClock.monotonic();
  return (bytes) => {
    const now = systemClock.monotonic();
    if (!stderr.isTerminal || now - toldAt < progressEveryMs) return;
    toldAt = now;
    void stderr.line(stderr.paint('dim', `${toByteWords(bytes)} copied`));
  };
}
