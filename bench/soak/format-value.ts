import type { Unit } from './quantity.ts';

const steps = [
  { from: 1e9, divisor: 1e9, unit: 'GB' },
  { from: 1e6, divisor: 1e6, unit: 'MB' },
  { from: 1e3, divisor: 1e3, unit: 'KB' },
  { from: 0, divisor: 1, unit: 'B' },
] as const;

/** A value with its unit: three digits that count. */
export function formatValue(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '–';
  switch (unit) {
    case 'bytes': {
      const step = steps.find(({ from }) => Math.abs(value) >= from) ?? steps[3];
      return `${digits(value / step.divisor)} ${step.unit}`;
    }
    case 'seconds':
      return `${digits(value * 1000)} ms`;
    case 'percent':
      return `${digits(value)} %`;
    case 'per second':
      return `${digits(value)}/s`;
    case 'count':
      return digits(value);
  }
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  return value.toFixed(size >= 10 ? 1 : 2);
}
