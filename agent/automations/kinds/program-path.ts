import { resolve } from 'node:path';

/** A program that a file names: with a "/" in it, seen from the folder of the file; otherwise looked for on the PATH of the job. */
export function toProgram(named: string, home: string): string {
  return named.includes('/') ? resolve(home, named) : named;
}
