import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { readCertificateFile } from '../certs/certificate-file.ts';
import { toCertificateView } from '../certs/certificate-view.ts';
import { writeBeside } from '../certs/pem-file.ts';
import { toShownPath } from '../certs/shown-path.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { printJson } from '../json-document.ts';
import { toPrintable } from '../to-printable.ts';

const details = `
FILE is for FARHAND_TLS_CA of agents and people and for FARHAND_TLS_CLIENT_CA of
a hub. What was there is replaced in one step, so it may be in use: those who
use it look at it again by themselves. It must hold CAs alone, as what is put
into it.`;

const mode = 0o644;

export function createCertsBundleCommand(context: Context): Command {
  const command = new Command('bundle')
    .description('put CAs into one file, so that all of them are trusted while one takes over from another')
    .argument('<file>', 'what to write')
    .argument('<cas...>', 'files with certificates of CAs, such as certs/ca.pem')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details);
  command.action((file: string, cas: readonly string[]) => bundle(command, context, { file, cas }));
  return addExamples(
    command,
    ['farhand certs bundle trusted.pem certs/ca.pem next/ca.pem', 'the CA that was, and the one that will be'],
    ['farhand certs bundle trusted.pem next/ca.pem', 'once nobody shows a certificate of the old one'],
  );
}

async function bundle(
  command: Command,
  context: Context,
  { file, cas }: { readonly file: string; readonly cas: readonly string[] },
): Promise<void> {
  const path = resolve(context.folder, file);
  const named = await Promise.all(cas.map((name) => readAuthorities(resolve(context.folder, name))));
  if (existsSync(path)) await readAuthorities(path);
  const found = new Map(named.flat().map((certificate) => [certificate.fingerprint256, certificate]));
  const certificates = [...found.values()];
  const over = certificates.find(({ validToDate }) => validToDate.getTime() < Date.now());
  if (over !== undefined) {
    throw new Failure(exitCodes.usage, `the CA ${toPrintable(over.subject)} expired on ${over.validTo}: leave it out`);
  }
  const beside = `${path}.new`;
  await writeBeside({ path, beside, text: certificates.join(''), mode });
  await rename(beside, path);

  const views = certificates.map((certificate) => toCertificateView(certificate, Date.now()));
  if (command.opts<{ readonly json?: true }>().json === true) {
    await printJson(context, { file: path, certificates: views });
    return;
  }
  await context.stdout.line(`made ${toShownPath(path, context)}, which trusts:`);
  for (const { subject, validTo, sha256 } of views) {
    await context.stdout.line(`  ${toPrintable(subject)}, valid until ${validTo.slice(0, 10)}, sha256 ${sha256}`);
  }
}

/** Rejects with `Failure` where there is anything else in it. */
async function readAuthorities(path: string): Promise<readonly X509Certificate[]> {
  const certificates = await readCertificateFile(path);
  const other = certificates.find(({ ca }) => !ca);
  if (other === undefined) return certificates;
  throw new Failure(
    exitCodes.usage,
    `expected certificates of CAs alone in ${path}, got one of ${toPrintable(other.subject)}, which may sign no others`,
    ['It is ca.pem that is trusted, and no certificate that it signed'],
  );
}
