import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { createCertsAgentCommand } from './certs-agent.ts';
import { createCertsBundleCommand } from './certs-bundle.ts';
import { createCertsCaCommand } from './certs-ca.ts';
import { createCertsClientCommand } from './certs-client.ts';
import { createCertsHubCommand } from './certs-hub.ts';
import { createCertsRenewCommand } from './certs-renew.ts';
import { createCertsShowCommand } from './certs-show.ts';

const details = `
A CA, a certificate for the hub, and where wanted one for each agent: elliptic
curve P-256, in PEM, in ./certs unless --folder says another. Nothing is sent
anywhere, and what is there is overwritten by renew and bundle alone. Keep ca.key
where the hub is not: whoever has it can be any hub and any client.`;

export function createCertsCommand(context: Context): Command {
  const command = new Command('certs')
    .description('make certificates for a hub and its agents, where you have no CA')
    .addHelpText('after', details);
  addExamples(
    command,
    ['farhand certs ca', 'certs/ca.pem for everybody, certs/ca.key for nobody'],
    ['farhand certs hub hub.example.org 192.0.2.10', 'certs/hub.pem and certs/hub.key for the hub'],
  );
  return command
    .addCommand(createCertsCaCommand(context))
    .addCommand(createCertsHubCommand(context))
    .addCommand(createCertsAgentCommand(context))
    .addCommand(createCertsClientCommand(context))
    .addCommand(createCertsRenewCommand(context))
    .addCommand(createCertsBundleCommand(context))
    .addCommand(createCertsShowCommand(context));
}
