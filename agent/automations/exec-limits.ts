import type { Refusal } from './refusal.ts';

/** The longest argument, and the longest `NAME=value`, with the NUL at its end. Source: Linux, MAX_ARG_STRLEN, 32 pages. */
const maxStringBytes = 128 * 1024;

/** All of them together, a pointer for each included: a quarter of the usual stack limit of 8 MiB, and room for the wrapper's own. */
const maxTotalBytes = 2 * 1024 * 1024 - 64 * 1024;

const pointerBytes = 8;

const file = 'pass long values by the file FARHAND_PARAMETERS';

function refuse(message: string): Refusal {
  return { type: 'refused', cause: 'parameters-invalid', message, errors: [] };
}

function findStringFault(what: string, text: string): Refusal | null {
  if (text.includes('\0')) return refuse(`${what} holds a NUL character, which no program can be given there`);
  const bytes = Buffer.byteLength(text) + 1;
  if (bytes <= maxStringBytes) return null;
  return refuse(
    `${what}: expected at most ${maxStringBytes} bytes, which is what the system takes, got ${bytes}: ${file}`,
  );
}

/** Refuses what the system would not start, while the reason can still be told. Names and numbers only: values may be secret. */
export function findExecFault(argv: readonly string[], environment: Readonly<Record<string, string>>): Refusal | null {
  let total = 0;
  for (const [index, argument] of argv.entries()) {
    const fault = findStringFault(`argument ${index}`, argument);
    if (fault !== null) return fault;
    total += Buffer.byteLength(argument) + 1 + pointerBytes;
  }
  for (const [name, value] of Object.entries(environment)) {
    const fault = findStringFault(`the variable ${name}`, `${name}=${value}`);
    if (fault !== null) return fault;
    total += Buffer.byteLength(`${name}=${value}`) + 1 + pointerBytes;
  }
  if (total <= maxTotalBytes) return null;
  return refuse(
    `arguments and variables together: expected at most ${maxTotalBytes} bytes, got ${total}: give fewer or shorter parameters and secrets`,
  );
}
