import { axisTicks } from './axis-ticks.ts';
import { escapeHtml } from './escape-html.ts';
import { formatValue } from './format-value.ts';
import type { Point } from './linear-fit.ts';
import type { Quantity } from './quantity.ts';
import type { Line } from './recording.ts';
import { thinPoints } from './thin-points.ts';

const size = { width: 720, height: 250, left: 66, right: 14, top: 10, bottom: 34 };
const plot = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom };
const stretches = 80;

/** One chart as SVG, a curve for each line, with a legend above it. Colours come from the page: classes `c0` to `c6`. */
export function renderChart(quantity: Quantity, lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points);
  const until = Math.max(1, ...points.map(({ at }) => at));
  const values = points.map(({ value }) => value);
  const ticks = axisTicks(Math.min(...values), Math.max(...values));
  const [lowest = 0] = ticks;
  const highest = ticks.at(-1) ?? 1;
  const toX = (at: number) => size.left + (plot.width * at) / until;
  const toY = (value: number) => size.top + plot.height * (1 - (value - lowest) / (highest - lowest || 1));
  const legend = lines.map(({ name }, index) => `<li class="c${index % 7}"><i></i>${escapeHtml(name)}</li>`).join('');
  const grid = ticks
    .map((tick) => {
      const y = round(toY(tick));
      return `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${y}" y2="${y}"/><text class="y" x="${size.left - 6}" y="${y + 4}">${formatValue(tick, quantity.unit)}</text>`;
    })
    .join('');
  const minutes = axisTicks(0, until / 60)
    .filter((minute) => minute * 60 <= until)
    .map((minute) => `<text class="x" x="${round(toX(minute * 60))}" y="${size.height - 16}">${round(minute)}</text>`)
    .join('');
  const half = `<line class="half" x1="${round(toX(until / 2))}" x2="${round(toX(until / 2))}" y1="${size.top}" y2="${size.top + plot.height}"/>`;
  const curves = lines
    .map(({ points: own, breaks }, index) => {
      const path = cutAt(own, breaks)
        .map((piece) => thinPoints(piece, Math.ceil((stretches * piece.length) / own.length)))
        .map((piece) => `M${piece.map(({ at, value }) => `${round(toX(at))} ${round(toY(value))}`).join('L')}`)
        .join('');
      return `<path class="c${index % 7}" d="${path}"/>`;
    })
    .join('');
  return `<figure><figcaption>${escapeHtml(quantity.title)}</figcaption><ul>${legend}</ul><svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeHtml(quantity.title)} over time">${grid}${minutes}<text class="x" x="${size.left + plot.width / 2}" y="${size.height - 2}">minutes</text>${half}${curves}</svg></figure>`;
}

/** A curve is not drawn through the moments at which something began anew. */
function cutAt(points: readonly Point[], breaks: readonly number[]): readonly (readonly Point[])[] {
  const bounds = [Number.NEGATIVE_INFINITY, ...breaks, Number.POSITIVE_INFINITY];
  return bounds
    .slice(1)
    .map((until, index) => points.filter(({ at }) => at >= (bounds[index] ?? 0) && at < until))
    .filter((piece) => piece.length > 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
