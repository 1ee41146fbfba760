import type { Context } from './context.ts';

/** One JSON document on standard output, the same for a person and for a program. */
export function printJson({ stdout }: Pick<Context, 'stdout'>, value: unknown): Promise<void> {
  return stdout.line(JSON.stringify(value, null, 2));
}
