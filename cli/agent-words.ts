import type { Agent } from '../protocol/agent.ts';
import type { Output } from './output.ts';
import type { Table } from './table.ts';
import { toAgeWords } from './time-words.ts';

/** `online`, `offline`, or `draining` while it is to take no more work. */
export function toAgentState({ online, schedulable }: Agent): 'online' | 'offline' | 'draining' {
  if (!online) return 'offline';
  return schedulable ? 'online' : 'draining';
}

export function toLabelWords(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** `4 min ago` for a person, the time itself for a program. */
export function toTimeWords(output: Output, timestamp: string | null, now: number): string {
  if (timestamp === null) return '-';
  return output.isTerminal ? `${toAgeWords(Math.max(now - Date.parse(timestamp), 0))} ago` : timestamp;
}

const stateColors = { online: 'green', offline: 'red', draining: 'yellow' } as const;
/** A newer hub may know other states. */
const healthColors: Readonly<Record<string, 'green' | 'yellow' | 'red'>> = {
  ok: 'green',
  degraded: 'yellow',
  draining: 'yellow',
  'store-changed': 'red',
};

export function paintAgentState(output: Output, agent: Agent, text: string = toAgentState(agent)): string {
  return output.paint(stateColors[toAgentState(agent)], text);
}

export function paintHealth(output: Output, agent: Agent, text: string): string {
  return agent.health === null ? text : output.paint(healthColors[toHealthWord(agent)] ?? 'yellow', text);
}

/** One word: how it is by its own account, and before that, that it takes nothing under pressure. */
export function toHealthWord({ health, admission, online }: Agent): string {
  if (health?.state === 'store-changed') return health.state;
  const isPressed = admission?.state === 'closed';
  // The last that it said before it left, and nothing that somebody could mend now.
  if (!online && (isPressed || health?.state === 'draining')) return '-';
  return isPressed ? 'pressure' : (health?.state ?? '-');
}

/** Agents as rows of a table. */
export function toAgentTable(output: Output, agents: readonly Agent[], now: number): Table {
  return {
    head: ['NAME', 'STATE', 'SLOTS', 'AUTOMATIONS', 'HEALTH', 'LAST SEEN', 'LABELS'],
    rows: agents.map((agent) => [
      agent.name,
      toAgentState(agent),
      `${agent.slots.used}/${agent.slots.total}`,
      String(agent.automations.length),
      toHealthWord(agent),
      toTimeWords(output, agent.lastSeenAt, now),
      toLabelWords(agent.labels),
    ]),
    whole: [1],
    paint: (text, { row, column }) => {
      const agent = agents[row];
      if (agent === undefined) return text;
      if (column === 1) return paintAgentState(output, agent, text);
      return column === 4 ? paintHealth(output, agent, text) : text;
    },
  };
}
