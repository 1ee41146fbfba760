import { toByteWords } from '../runtime/byte-words.ts';
import { toLoopLagWords } from '../runtime/loop-lag-words.ts';
import { toAgo, toLoopSection, toSpan } from '../runtime/loop-rows.ts';
import { type Cell, toStatusHtml } from '../runtime/status-html.ts';
import type { AgentStatus } from './agent-status.ts';
import { toKubernetesSections } from './kubernetes-sections.ts';
import type { WayStatus } from './ways/way-status.ts';

function toLinkCell({ link, counts }: AgentStatus): Cell {
  const after = counts.connects > 1 ? `, after ${counts.connects - 1} reconnects` : '';
  const text = `${link.state}${link.message === null ? '' : `: ${link.message}`}${after}`;
  if (link.state === 'up') return { text, look: 'good' };
  return link.state === 'waiting' || link.state === 'distrusted' ? { text, look: 'bad' } : text;
}

function toSpoolWords({ spoolBytes, spoolFreeBytes, counts }: AgentStatus): string {
  const free = spoolFreeBytes === null ? 'free: unknown' : `${toByteWords(spoolFreeBytes)} free`;
  return `${toByteWords(spoolBytes)}, ${free}; ${toByteWords(counts.logBytesSent)} of logs sent`;
}

function toWayWords({ network }: AgentStatus): string {
  if (network === null) return 'in this process';
  const { type, proxy, from } = network.way;
  switch (type) {
    case 'direct':
      return `direct: ${from}`;
    case 'proxy':
      return `through the proxy ${proxy} (${from})`;
    case 'unusable':
      return `none: ${from} names no proxy that can be used`;
  }
}

function toCertificateCell({ network }: AgentStatus): Cell {
  if (network?.problem) return { text: network.problem, look: 'bad' };
  const certificate = network?.certificate ?? null;
  if (certificate === null) return 'none';
  const { subject, notAfter, daysLeft } = certificate;
  const text = `${subject}: until ${notAfter}, ${daysLeft} days`;
  return daysLeft < 14 ? { text, look: daysLeft < 0 ? 'bad' : 'warn' } : text;
}

function toWorkWords({ state, slots, desired }: AgentStatus): string {
  const used = `${slots.used} of ${slots.total} slots`;
  if (desired.drain)
    return `${used}; the hub asked for no more work${desired.note === null ? '' : `: ${desired.note}`}`;
  return state === 'draining' ? `${used}; it takes no more work and will leave` : used;
}

function toLastWords({ counts }: AgentStatus, now: number): string {
  const ago = (at: number | null) => (at === null ? 'none yet' : toAgo(new Date(at).toISOString(), now));
  return `job: ${ago(counts.lastAcceptedAt)}; event of the hub: ${ago(counts.lastEventAt)}`;
}

function toList(counts: Readonly<Record<string, number>>, none: string): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? none : some.map(([name, count]) => `${count} ${name}`).join(', ');
}

function toJobLogWords({ jobLog }: AgentStatus): string {
  if (jobLog === null) return 'none beside the hub';
  const { place, problem, writtenBytes, droppedBytes, cutAttempts } = jobLog;
  const cut = cutAttempts === 0 ? '' : `; ${droppedBytes} bytes of ${cutAttempts} attempts are not in it`;
  return `${place}: ${problem ?? `${writtenBytes} bytes written`}${cut}`;
}

function toAdmissionCell({ admission }: AgentStatus, now: number): Cell {
  if (admission === null) return 'not serving yet';
  if (admission.state === 'open') return { text: 'open', look: 'good' };
  const words = admission.reasons.map(({ message }) => message).join('; ');
  return { text: `closed for ${toSpan(now - Date.parse(admission.since))}: ${words}`, look: 'bad' };
}

function toPressureWords({ admission }: AgentStatus): string {
  if (admission === null) return '';
  const { cpu, memory, io, freeMemoryPercent } = admission.values;
  const rows = [['memory', memory] as const, ['disk', io] as const, ['processors', cpu] as const];
  const told = rows.map(([name, stall]) =>
    stall === null ? `${name} unknown` : `${name} ${stall.percent} % (${stall.from})`,
  );
  return `${told.join(', ')}; ${freeMemoryPercent ?? '?'} % of the memory is free`;
}

function toWayCell({ state, failedAt }: WayStatus): Cell {
  if (state === 'used') return { text: state, look: 'good' };
  return failedAt === null ? state : { text: `${state} at ${failedAt}`, look: 'warn' };
}

/** The status as a page for a person: what each loop of the agent is at. Text of others is text, never markup. */
export function toStatusPage(status: AgentStatus): string {
  const { name, version, id, state, ways, attempts, health, catalog, counts } = status;
  const now = Date.parse(status.at);
  const mistakes = `${catalog.automations} automations, ${catalog.mistakes} mistakes`;
  return toStatusHtml({
    title: `${name}: ${state}`,
    heading: name,
    subtitle: `farhand ${version}${id === null ? '' : `, ${id}`}, as of ${status.at}`,
    sections: [
      {
        title: 'At a glance',
        rows: [
          ['agent', `${state}; ${health.state}`],
          ['control link', toLinkCell(status)],
          ['way to the hub', toWayWords(status)],
          ['client certificate', toCertificateCell(status)],
          ['work', toWorkWords(status)],
          ['last', toLastWords(status, now)],
          ['ended jobs', toList(counts.ended, 'none yet')],
          ['declined offers', toList(counts.declined, 'none yet')],
          ['catalog', catalog.mistakes === 0 ? mistakes : { text: mistakes, look: 'warn' }],
          ['admission', toAdmissionCell(status, now)],
          ['pressure', toPressureWords(status)],
          ['spool', toSpoolWords(status)],
          ['job log', toJobLogWords(status)],
          ['event loop', toLoopLagWords(status)],
        ],
      },
      {
        title: 'Ways to the hub',
        head: ['url', 'transport', 'is', 'why', 'tried again'],
        rows: ways.map((way) => [
          way.url,
          way.transport,
          toWayCell(way),
          way.why ?? '',
          way.nextTryAt === null ? '' : `in ${toSpan(Math.max(0, Date.parse(way.nextTryAt) - now))}`,
        ]),
      },
      {
        title: 'Executors',
        head: ['name', 'is'],
        rows: status.executors.map((executor) => [
          executor.name,
          executor.obstacle === null ? { text: 'ready', look: 'good' } : { text: executor.obstacle, look: 'warn' },
        ]),
      },
      ...toKubernetesSections(status, now),
      { title: 'Problems', rows: health.problems.map((problem) => [problem]) },
      {
        title: 'Attempts',
        head: ['attempt', 'automation', 'is', 'for', 'output', 'job'],
        rows: attempts.map((attempt) => [
          attempt.id,
          attempt.automation ?? '',
          attempt.state,
          toSpan(now - Date.parse(attempt.since)),
          `${attempt.rawBytes} bytes`,
          attempt.job ?? '',
        ]),
      },
      toLoopSection(status.loops, now),
    ],
  });
}
