import { resolve } from 'node:path';
import { Command } from 'commander';
import { readCertificateFile } from '../certs/certificate-file.ts';
import { type CertificateView, toCertificateView } from '../certs/certificate-view.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { printJson } from '../json-document.ts';
import { toPrintable } from '../to-printable.ts';

export function createCertsShowCommand(context: Context): Command {
  const command = new Command('show')
    .description('say what the certificates of a file are for, and how long')
    .argument('<file>', 'certificates in PEM, of whomever')
    .option('--json', 'print one JSON document')
    .action((file: string) => show(command, context, file));
  return addExamples(command, ['farhand certs show /etc/farhand/tls/fullchain.pem', 'each certificate of the chain']);
}

async function show(command: Command, context: Context, file: string): Promise<void> {
  const certificates = await readCertificateFile(resolve(context.folder, file));
  const views = certificates.map((certificate) => toCertificateView(certificate, Date.now()));
  if (command.opts<{ readonly json?: true }>().json === true) {
    await printJson(context, views);
    return;
  }
  for (const [index, view] of views.entries()) {
    if (index > 0) await context.stdout.line('');
    for (const [word, value] of toRows(view))
      await context.stdout.line(`${`${word}:`.padEnd(13)}${toPrintable(value)}`);
  }
}

function toRows(view: CertificateView): readonly (readonly [string, string])[] {
  const left = view.daysLeft < 0 ? `expired ${-view.daysLeft} days ago` : `${view.daysLeft} days left`;
  return [
    ['subject', view.subject],
    ['issuer', view.issuer === view.subject ? 'itself' : view.issuer],
    ['names', view.names === '' ? 'none' : view.names],
    ['for', view.purposes.join(', ') || 'anything'],
    ['valid from', view.validFrom],
    ['valid until', `${view.validTo} (${left})`],
    ['serial', view.serial],
    ['sha256', view.sha256],
  ];
}
