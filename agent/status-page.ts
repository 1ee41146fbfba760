import type { AgentStatus } from './agent-status.ts';

/** What the page may load: nothing. It asks for itself again from time to time. */
export const statusPagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');
}

function toRow(cells: readonly string[], tag: 'td' | 'th' = 'td'): string {
  return `<tr>${cells.map((cell) => `<${tag}>${escapeText(cell)}</${tag}>`).join('')}</tr>\n`;
}

function toTable(rows: readonly (readonly string[])[]): string {
  return `<table>\n${rows.map((row) => toRow(row)).join('')}</table>\n`;
}

function toLinkWords({ link, counts }: AgentStatus): string {
  const after = counts.connects > 1 ? `, after ${counts.connects - 1} reconnects` : '';
  return `${link.state}${link.message === null ? '' : `: ${link.message}`}${after}`;
}

function toWorkWords({ state, slots, desired }: AgentStatus): string {
  const used = `${slots.used} of ${slots.total} slots`;
  if (desired.drain)
    return `${used}; the hub asked for no more work${desired.note === null ? '' : `: ${desired.note}`}`;
  return state === 'draining' ? `${used}; it takes no more work and will leave` : used;
}

function toJobLogWords({ jobLog }: AgentStatus): string {
  if (jobLog === null) return 'none beside the hub';
  const { place, problem, writtenBytes, droppedBytes, cutAttempts } = jobLog;
  const cut = cutAttempts === 0 ? '' : `; ${droppedBytes} bytes of ${cutAttempts} attempts are not in it`;
  return `${place}: ${problem ?? `${writtenBytes} bytes written`}${cut}`;
}

function toEndedWords({ counts }: AgentStatus): string {
  const ended = Object.entries(counts.ended).filter(([, count]) => count > 0);
  return ended.length === 0 ? 'none yet' : ended.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

/** The status as a page for a person: what each loop of the agent is at. Text of others is text, never markup. */
export function toStatusPage(status: AgentStatus): string {
  const { name, version, id, state, attempts, health, catalog } = status;
  const problems = health.problems.map((problem) => `<li>${escapeText(problem)}</li>\n`).join('');
  const held = attempts.map((attempt) => [
    attempt.id,
    attempt.automation ?? '',
    attempt.state,
    `${attempt.rawBytes} bytes`,
    attempt.job ?? '',
  ]);
  const head = toRow(['attempt', 'automation', 'is', 'output', 'job'], 'th');
  const summary = toTable([
    ['agent', `${state}; ${health.state}`],
    ['control link', toLinkWords(status)],
    ['dispatch', toWorkWords(status)],
    ['catalog', `${catalog.automations} automations, ${catalog.mistakes} mistakes`],
    ['sessions', `${status.counts.logBytesSent} bytes of logs sent`],
    ['spool', `${status.spoolBytes} bytes`],
    ['job log', toJobLogWords(status)],
    ['ended jobs', toEndedWords(status)],
    ['event loop', `${status.loopLagMs} ms late`],
  ]);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>${escapeText(name)}: ${escapeText(state)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem; }
table { border-collapse: collapse; margin: 1rem 0; }
td, th { padding: .2rem 1.5rem .2rem 0; text-align: left; vertical-align: top; }
</style>
<h1>${escapeText(name)}</h1>
<p>farhand ${escapeText(version)}${id === null ? '' : `, ${escapeText(id)}`}</p>
${summary}${problems === '' ? '' : `<h2>Problems</h2>\n<ul>\n${problems}</ul>\n`}${
  held.length === 0 ? '' : `<h2>Attempts</h2>\n<table>\n${head}${held.map((row) => toRow(row)).join('')}</table>\n`
}</html>
`;
}
