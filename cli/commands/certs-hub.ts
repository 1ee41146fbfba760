import { Command } from 'commander';
import { addCertsOptions } from '../certs/certs-options.ts';
import { type IssueOptions, issuePair } from '../certs/issue-pair.ts';
import { parseHostName, type SubjectName } from '../certs/subject-name.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

export function createCertsHubCommand(context: Context): Command {
  const command = new Command('hub')
    .description('make the certificate of a hub: hub.pem and hub.key')
    .argument('<names...>', 'names and addresses that agents and people dial, such as hub.example.org or 192.0.2.10');
  addCertsOptions(command).action((names: readonly string[]) => makePair(command, context, names));
  return addExamples(command, [
    'farhand certs hub hub.example.org localhost 127.0.0.1',
    'also for calls on the machine itself',
  ]);
}

async function makePair(command: Command, context: Context, texts: readonly string[]): Promise<void> {
  const options = command.opts<IssueOptions>();
  const { folder } = options;
  await issuePair(context, options, {
    name: 'hub',
    purpose: 'server',
    commonName: 'farhand hub',
    names: texts.map(parseName),
    next: [
      `FARHAND_TLS_CERT=${folder}/hub.pem FARHAND_TLS_KEY=${folder}/hub.key farhand hub --listen 0.0.0.0:7400`,
      `agents and people: FARHAND_TLS_CA=${folder}/ca.pem, and wss:// or https:// with one of these names`,
    ],
  });
}

function parseName(text: string): SubjectName {
  const name = parseHostName(text);
  if (name !== null) return name;
  throw new Failure(exitCodes.usage, `expected a host name or an IP address, got ${JSON.stringify(text)}`, [
    'Without https://, port and path: hub.example.org, *.example.org, 192.0.2.10 or 2001:db8::1',
  ]);
}
