import { Command } from 'commander';
import type { Context } from '../context.ts';
import { fetchAgents } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { printTable } from '../table.ts';
import { toDurationWords } from '../time-words.ts';
import { toPrintable } from '../to-printable.ts';

export function createAgentsCommand(context: Context): Command {
  const command = new Command('agents')
    .description('list the agents, what they can take and how they are')
    .option('--json', 'print one JSON document')
    .action(async ({ json }: { readonly json?: true }) => {
      const { stdout, stderr } = context;
      const agents = await fetchAgents(accessHub(command, context));
      if (json === true) {
        await printJson(context, agents);
        return;
      }
      if (agents.length === 0 && stdout.isTerminal) {
        await stderr.line('no agent has joined yet; `farhand token create --join` makes the token that one needs');
      }
      const now = Date.now();
      const rows = agents.map((agent) => [
        agent.name,
        agent.online ? 'online' : 'offline',
        `${agent.slots.used}/${agent.slots.total}`,
        String(agent.automations.length),
        agent.health?.state ?? '-',
        toLastSeen(agent.lastSeenAt, stdout.isTerminal ? now : null),
        Object.entries(agent.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
      ]);
      await printTable(stdout, ['NAME', 'STATE', 'SLOTS', 'AUTOMATIONS', 'HEALTH', 'LAST SEEN', 'LABELS'], rows);
      for (const { name, health } of agents) {
        for (const problem of health?.problems ?? [])
          await stderr.line(stderr.paint('yellow', `${name}: ${toPrintable(problem)}`));
      }
    });
  return addHubOptions(command);
}

function toLastSeen(lastSeenAt: string | null, now: number | null): string {
  if (lastSeenAt === null) return '-';
  return now === null ? lastSeenAt : `${toDurationWords(Math.max(now - Date.parse(lastSeenAt), 0))} ago`;
}
