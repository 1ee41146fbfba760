import { styleText } from 'node:util';

const levelColors = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const;

/** One line of the JSON log as a person reads it: time, level, message, then the fields. Anything else is answered as it came. */
export function toPrettyLine(line: string, color: boolean): string {
  const record = parse(line);
  if (record === undefined) return line;
  const { level, time, message, process: _process, ...fields } = record;
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;

  const label = String(level);
  const mark = paint(label in levelColors ? levelColors[label as keyof typeof levelColors] : 'white', label.padEnd(5));
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${toText(value)}`);
  const clock = String(time).slice(11, 23);
  return `${[paint('gray', clock), mark, typeof message === 'string' ? message : '', rest.length === 0 ? '' : paint('gray', rest.join(' '))].join(' ').trimEnd()}\n`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function toText(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === 'object' && value !== null && 'message' in value && 'type' in value) {
    return JSON.stringify(`${String(value.type)}: ${String(value.message)}`);
  }
  return JSON.stringify(value);
}
