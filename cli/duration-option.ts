import { InvalidArgumentError } from 'commander';

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads `90`, `90s`, `15m`, `1h` or `7d` as seconds. Throws what commander reports as wrong usage. */
export function parseDuration(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(number) * (unitSeconds[unit] ?? Number.NaN);
  if (number === '' || !(seconds > 0)) {
    throw new InvalidArgumentError('Expected a time such as 90, 90s, 15m, 1h or 7d.');
  }
  return seconds;
}
