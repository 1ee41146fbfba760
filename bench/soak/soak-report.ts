import type { Finding } from './finding.ts';
import type { Outcome } from './outcomes.ts';

/** All that a run found. */
export interface SoakReport {
  readonly date: string;
  readonly minutes: number;
  /** One line each: the machine, the program, the load. */
  readonly facts: readonly string[];
  readonly findings: readonly Finding[];
  readonly outcomes: readonly Outcome[];
  readonly surprises: readonly string[];
  /** What the daemons warned of, and how often. */
  readonly warnings: readonly { readonly message: string; readonly count: number }[];
}

/** Nothing grows, and every job ended as it had to. */
export function isSound({ findings, surprises }: SoakReport): boolean {
  return surprises.length === 0 && findings.every(({ verdict }) => verdict !== 'grows');
}

/** As it is written beside the page: every sample, rounded. */
export function toSoakDocument(report: SoakReport): string {
  const { findings, ...rest } = report;
  const curves = findings.map(({ quantity, line, verdict, start, end, slopePerHour, seesFromPerHour }) => ({
    quantity: quantity.key,
    unit: quantity.unit,
    name: line.name,
    verdict,
    start,
    end,
    slopePerHour,
    seesFromPerHour,
    restartedAtSeconds: line.breaks,
    points: line.points.map(({ at, value }) => [Math.round(at * 10) / 10, Number(value.toPrecision(6))]),
  }));
  return `${JSON.stringify({ ...rest, curves })}\n`;
}
