import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { openAuthority } from '../certs/authority.ts';
import { readCertificateFile } from '../certs/certificate-file.ts';
import { addValidityOptions } from '../certs/certs-options.ts';
import { type IssueOptions, replaceAndTell } from '../certs/issue-pair.ts';
import { toSameLeaf } from '../certs/renew-leaf.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

const details = `
A new key and a new certificate for the same names take the place of FILE and of
the key beside it. The hub takes them into use by itself, within ten seconds.`;

export function createCertsRenewCommand(context: Context): Command {
  const command = new Command('renew')
    .description('put a new certificate for the same names in the place of one')
    .argument('<file>', 'the certificate, such as certs/hub.pem; its key is beside it, as .key')
    .addHelpText('after', details);
  command.option('--folder <folder>', 'where the CA is (default: beside FILE)');
  addValidityOptions(command).action((file: string) => renew(command, context, file));
  return addExamples(
    command,
    ['farhand certs renew certs/hub.pem', 'by the CA beside it'],
    ['farhand certs renew /etc/farhand/hub.pem --folder /root/farhand-ca', 'by a CA that is elsewhere'],
  );
}

async function renew(command: Command, context: Context, file: string): Promise<void> {
  const { folder, days, json } = command.opts<Omit<IssueOptions, 'folder'> & { readonly folder?: string }>();
  const certificate = resolve(context.folder, file);
  if (!certificate.endsWith('.pem')) {
    throw new Failure(exitCodes.usage, `expected a file that ends with .pem, with its key beside it; got ${file}`);
  }
  const [current] = await readCertificateFile(certificate);
  const leaf = toSameLeaf(current);
  const authority = await openAuthority(folder === undefined ? dirname(certificate) : resolve(context.folder, folder));
  const paths = { certificate, key: `${certificate.slice(0, -'.pem'.length)}.key` };
  await replaceAndTell(context, { paths, pair: authority.issue({ ...leaf, days }), json });
}
