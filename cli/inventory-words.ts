import type { App, Node, Staleness } from '../protocol/inventory.ts';
import { toTimeWords } from './agent-words.ts';
import type { Output } from './output.ts';
import type { Table } from './table.ts';
import { toPrintable } from './to-printable.ts';

/** A newer hub may know other states. */
const colors: Readonly<Record<string, 'green' | 'yellow' | 'red'>> = {
  ready: 'green',
  running: 'green',
  changing: 'yellow',
  stopped: 'yellow',
  'not-ready': 'red',
  degraded: 'red',
};

const nodeStateColumn = 3;
const appStateColumn = 5;

export function toNodeTable(output: Output, nodes: readonly Node[], now: number): Table {
  return {
    head: ['NAME', 'AGENT', 'CLUSTER', 'STATE', 'CPU', 'MEMORY', 'VERSION', 'STALE'],
    rows: nodes.map((node) => [
      node.name,
      node.agent,
      node.cluster,
      node.schedulable ? node.state : `${node.state},closed`,
      node.allocatable.cpu === null ? '-' : String(node.allocatable.cpu),
      toMemoryWords(node.allocatable.memoryBytes),
      node.version ?? '-',
      toStaleWords(output, node.stale, now),
    ]),
    whole: [nodeStateColumn],
    paint: paintState(output, nodes, nodeStateColumn),
  };
}

export function toAppTable(output: Output, apps: readonly App[], now: number): Table {
  return {
    head: ['NAME', 'NAMESPACE', 'KIND', 'AGENT', 'CLUSTER', 'STATE', 'READY', 'IMAGES', 'STALE'],
    rows: apps.map((app) => [
      app.name,
      app.namespace ?? '-',
      app.kind,
      app.agent,
      app.cluster,
      app.state,
      `${app.instances.ready}/${app.instances.wanted}`,
      app.images.length === 0 ? '-' : app.images.join(','),
      toStaleWords(output, app.stale, now),
    ]),
    whole: [appStateColumn],
    paint: paintState(output, apps, appStateColumn),
  };
}

/** What is said of those that are not well, a line each, of as many as somebody reads. */
export function toTroubleLines(items: readonly (Node | App)[]): readonly string[] {
  const troubled = items.filter(({ message }) => message !== null);
  const lines = troubled
    .slice(0, maxTroubled)
    .map(({ agent, reference, message }) => `${agent}: ${toPrintable(reference)}: ${toPrintable(message ?? '')}`);
  const more = troubled.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${more} more`];
}

const maxTroubled = 20;

/** `agent-offline 4 min ago` for a person, the reason and the time for a program; a dash while it is so now. */
function toStaleWords(output: Output, stale: Staleness | null, now: number): string {
  if (stale === null) return '-';
  return stale.since === null ? stale.reason : `${stale.reason} ${toTimeWords(output, stale.since, now)}`;
}

function toMemoryWords(bytes: number | null): string {
  return bytes === null ? '-' : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function paintState(output: Output, items: readonly (Node | App)[], stateColumn: number): NonNullable<Table['paint']> {
  return (text, { row, column }) => {
    const item = items[row];
    if (item === undefined || column !== stateColumn) return text;
    return output.paint(item.stale === null ? (colors[item.state] ?? 'yellow') : 'dim', text);
  };
}
