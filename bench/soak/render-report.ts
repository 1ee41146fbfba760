import type { Table } from '../report/table.ts';
import { escapeHtml } from './escape-html.ts';
import { quantities } from './quantity.ts';
import { renderChart } from './render-chart.ts';
import type { SoakReport } from './soak-report.ts';
import { toTables } from './to-tables.ts';

const style = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--quiet:#5b6675;--rule:#d9dee5;--bad:#b3261e;--good:#1b6e3c;
--c0:#2563c9;--c1:#0b8068;--c2:#b05d00;--c3:#8e3bb0;--c4:#c2334d;--c5:#4b5a6b;--c6:#6b7a00}
@media (prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e4e9f0;--quiet:#9aa6b5;--rule:#2c343f;--bad:#ff8a80;--good:#6fd196;
--c0:#74a8ff;--c1:#46d0b0;--c2:#f0a95a;--c3:#d29bf0;--c4:#ff8fa3;--c5:#a9b6c6;--c6:#cbd65c}}
body{margin:0 auto;max-width:1180px;padding:24px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .6rem}p,ul.facts{color:var(--quiet);margin:.3rem 0}
ul.facts{padding-left:1.2rem}.sum{color:var(--ink);font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:26px 30px}
figure{margin:0}figcaption{font-weight:600}figure ul{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:2px 0 0;padding:0;color:var(--quiet);font-size:13px}
figure i{display:inline-block;width:14px;height:3px;margin-right:5px;vertical-align:middle;border-radius:2px}
svg{width:100%;height:auto;display:block}svg text{fill:var(--quiet);font-size:12px}.y{text-anchor:end}.x{text-anchor:middle}
.grid{stroke:var(--rule);stroke-width:1}.half{stroke:var(--quiet);stroke-width:1;stroke-dasharray:3 4}path{fill:none;stroke-width:1.6;stroke-linejoin:round}
${Array.from({ length: 7 }, (_, index) => `path.c${index}{stroke:var(--c${index})}li.c${index} i{background:var(--c${index})}`).join('')}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:14px}th,td{padding:3px 12px 3px 0;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--quiet);font-weight:500}th:first-child,td:first-child{text-align:left;white-space:normal}.grows{color:var(--bad);font-weight:700}.steady{color:var(--good)}
`;

/** One page with a chart for each quantity and the tables, which needs nothing else: no script, and nothing from elsewhere. */
export function renderReport(report: SoakReport): string {
  const { date, minutes, facts, findings, surprises } = report;
  const growing = findings.filter(({ verdict }) => verdict === 'grows').length;
  const judged = findings.filter(({ verdict }) => verdict === 'grows' || verdict === 'steady').length;
  const charts = quantities
    .map((quantity) => ({
      quantity,
      lines: findings.filter((finding) => finding.quantity.key === quantity.key).map(({ line }) => line),
    }))
    .filter(({ lines }) => lines.some(({ points }) => points.length > 1))
    .map(({ quantity, lines }) => renderChart(quantity, lines))
    .join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>farhand: soak of ${escapeHtml(date)}</title>
<style>${style}</style>
<h1>Soak of ${escapeHtml(date)}, ${minutes.toFixed(minutes < 10 ? 1 : 0)} minutes</h1>
<p class="sum">${judged === 0 ? 'The run was too short to judge any curve.' : `Of ${judged} curves that were judged ${growing === 0 ? 'none grows' : `${growing} grow`}.`} ${surprises.length === 0 ? 'Every job ended as it had to.' : 'Some jobs did not end as they had to.'}</p>
<ul class="facts">${facts.map((fact) => `<li>${escapeHtml(fact)}</li>`).join('')}</ul>
<p>The dashed line is the middle: verdicts are about what is right of it.</p>
<div class="charts">
${charts}
</div>
${toTables(report).map(renderTable).join('\n')}
</html>
`;
}

function renderTable({ title, columns, rows, notes }: Table): string {
  if (rows.length === 0) return `<h2>${escapeHtml(title)}</h2><p>None.</p>`;
  const head = ['', ...columns].map((text) => `<th>${escapeHtml(text)}</th>`).join('');
  const body = rows
    .map(({ what, cells }) => {
      const texts = cells.map((cell) => (cell === null ? '–' : String(cell).replaceAll('**', '')));
      const toCell = (text: string) => `<td${isVerdict(text) ? ` class="${text}"` : ''}>${escapeHtml(text)}</td>`;
      return `<tr><td>${escapeHtml(what)}</td>${texts.map(toCell).join('')}</tr>`;
    })
    .join('');
  const told = notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('');
  return `<h2>${escapeHtml(title)}</h2><div class="wide"><table><tr>${head}</tr>${body}</table></div>${told}`;
}

function isVerdict(text: string): boolean {
  return text === 'grows' || text === 'steady';
}
