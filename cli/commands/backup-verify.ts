import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { systemRandom } from '../../runtime/random.ts';
import { toBackupFailure } from '../backup-failure.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { listenForInterruption } from '../interruption.ts';

const details = `
Reads all of it: its digest, the tables of the store, and each log against the length and digest that the store has of it. Needs
room for the store in TMPDIR. Exit code: 0 all is well; 1 it is not.`;

export function createBackupVerifyCommand(context: Context): Command {
  const command = new Command('verify')
    .description('read a backup and say whether it is whole')
    .argument('<file>', 'what `farhand backup` made')
    .addHelpText('after', details)
    .action((file: string) => verify(context, resolve(context.folder, file)));
  return addExamples(command, ['farhand backup verify farhand-20300101T120000.000Z.tar', 'before it is needed']);
}

async function verify(context: Context, file: string): Promise<void> {
  const { verifyBackup } = await import('../../hub/backup/verify-backup.ts');
  using interruption = listenForInterruption();
  const options = { path: file, temporaryFolder: tmpdir(), random: systemRandom, signal: interruption.signal };
  const verified = await verifyBackup(options).catch((error: unknown) => {
    const code = interruption.exitCode();
    if (code === null) throw toBackupFailure(error, { data: tmpdir(), file });
    context.exitWith(code);
    return null;
  });
  if (verified === null) return;
  const { manifest, seal, damagedLogs } = verified;
  if (damagedLogs.length > 0) {
    throw new Failure(
      exitCodes.failed,
      `the backup is whole, but ${damagedLogs.length} of its logs are not what its store says of them`,
      [
        'They were damaged on the hub before it was made; it can be restored all the same. Attempts:',
        ...damagedLogs.slice(0, 10),
      ],
    );
  }
  await context.stdout.line(
    `whole: the store as of ${manifest.madeAt}, at commit ${manifest.commits}, and ${seal.logs} logs, made by farhand ${manifest.version}`,
  );
}
