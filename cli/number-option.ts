import { InvalidArgumentError } from 'commander';

/** An option that takes whole numbers between two bounds, both included. */
export function wholeNumberOption(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= from && value <= to))
      throw new InvalidArgumentError(`Expected a whole number from ${from} to ${to}.`);
    return value;
  };
}
