/** What a page of status may load: nothing but its own style. It asks for itself again from time to time. */
export const statusPageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** A cell: its text, and how it looks where it asks for attention. */
export type Cell = string | { readonly text: string; readonly look: 'bad' | 'warn' | 'good' | 'dim' };

export interface PageSection {
  readonly title: string;
  /** A sentence above the table. */
  readonly note?: string;
  readonly head?: readonly string[];
  /** A section without rows shows its `note` alone, and nothing at all without one. */
  readonly rows: readonly (readonly Cell[])[];
}

/** A program that says nothing of HTML gets JSON; a browser asks for HTML first. */
export function wantsPage(accept: string | undefined): boolean {
  return (accept ?? '').toLowerCase().includes('text/html');
}

const refreshSeconds = 5;

/** For somebody who is woken at night: no script, nothing from elsewhere, as wide as the window, dark where the system is. */
const style = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; --line: #8884; --bad: #c4151c; --warn: #9a5b00; --good: #1a7431; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff7b72; --warn: #e3b341; --good: #56d364; } }
body { margin: 1rem auto; padding: 0 1rem; max-width: 76rem; overflow-wrap: break-word; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 1.4rem 0 .2rem; }
p { margin: .2rem 0; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .25rem 1rem .25rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
th { font-weight: 600; font-size: .85rem; opacity: .75; border-top: 0; }
td:first-child { font-weight: 600; }
td:last-child { overflow-wrap: anywhere; padding-right: 0; }
.bad { color: var(--bad); font-weight: 600; } .warn { color: var(--warn); } .good { color: var(--good); } .dim { opacity: .65; }
@media (max-width: 40rem) {
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { border-top: 1px solid var(--line); padding: .3rem 0; }
  td { border: 0; padding: 0; }
  td[data-head]::before { content: attr(data-head) ": "; opacity: .65; font-size: .85rem; }
}`;

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

function toCell(cell: Cell, head: string | undefined): string {
  const { text, look } = typeof cell === 'string' ? { text: cell, look: null } : cell;
  const label = head === undefined || head === '' || text === '' ? '' : ` data-head="${escapeText(head)}"`;
  return `<td${label}${look === null ? '' : ` class="${look}"`}>${escapeText(text)}</td>`;
}

function toSection({ title, note, head, rows }: PageSection): string {
  if (rows.length === 0 && note === undefined) return '';
  const heading = `<h2>${escapeText(title)}</h2>\n${note === undefined ? '' : `<p>${escapeText(note)}</p>\n`}`;
  if (rows.length === 0) return heading;
  const titles =
    head === undefined ? '' : `<thead><tr>${head.map((one) => `<th>${escapeText(one)}</th>`).join('')}</tr></thead>\n`;
  const body = rows.map((row) => `<tr>${row.map((cell, index) => toCell(cell, head?.[index])).join('')}</tr>\n`);
  return `${heading}<table>\n${titles}<tbody>\n${body.join('')}</tbody>\n</table>\n`;
}

/** A page of status. All that it is given is text, never markup. */
export function toStatusHtml(page: {
  readonly title: string;
  readonly heading: string;
  readonly subtitle: string;
  readonly sections: readonly PageSection[];
}): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${refreshSeconds}">
<title>${escapeText(page.title)}</title>
<style>${style}
</style>
<h1>${escapeText(page.heading)}</h1>
<p class="dim">${escapeText(page.subtitle)}</p>
${page.sections.map(toSection).join('')}</html>
`;
}
