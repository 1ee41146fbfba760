import { z } from 'zod';
import type { JsonObject } from '../../protocol/json.ts';
import { parseJson } from '../../protocol/parse.ts';
import { maxProgressMessageLength, Progress } from '../../protocol/progress.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { maskObject } from '../masking/mask-object.ts';
import { toOneLine } from '../one-line.ts';

/** What a program wrote of its progress, not masked yet. At least one of them is there. */
export interface ProgressText {
  readonly percent: number | null;
  readonly message: string | null;
  readonly outputs: JsonObject | null;
}

const JsonLine = z
  .object({
    percent: Progress.shape.percent.default(null),
    message: z.string().nullable().default(null),
    outputs: Progress.shape.outputs.default(null),
  })
  .refine(({ percent, message, outputs }) => percent !== null || message !== null || outputs !== null);

const number = '(\\d{1,3}(?:\\.\\d{1,6})?) ?%?';
const plainLine = new RegExp(`^${number}(?: +(.*))?$`);
const logLine = new RegExp(`^::progress(?: +(?:percent=)?${number})? *::(.*)$`);

/** What every progress line of a log begins with. */
export const logLineStart = '::progress';

/** A line of the file: a JSON object, or a number and words. Null when it is neither. */
export function parseProgressLine(line: string): ProgressText | null {
  const text = line.trim();
  return text.startsWith('{') ? parseObject(text) : parseWords(plainLine.exec(text));
}

/** A line of the log: `::progress 40::copying files`. Null for every other line. */
export function parseLogLine(line: string): ProgressText | null {
  return parseWords(logLine.exec(line.trimEnd()));
}

function parseObject(text: string): ProgressText | null {
  try {
    return parseJson(JsonLine, text, 'line of progress');
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function parseWords(found: RegExpExecArray | null): ProgressText | null {
  if (found === null) return null;
  const [, digits, words = ''] = found;
  const percent = digits === undefined ? null : Number(digits);
  const message = words.trim() === '' ? null : words.trim();
  if ((percent === null && message === null) || (percent !== null && percent > 100)) return null;
  return { percent, message, outputs: null };
}

/** As it may leave this machine: masked, then cut, on one line. */
export function toProgress(text: ProgressText, maskText: (text: string) => string): Progress {
  const message = text.message === null ? null : toOneLine(maskText(text.message), maxProgressMessageLength);
  const masked = text.outputs === null ? null : maskObject(text.outputs, maskText);
  // A secret may be shorter than the stars in its place.
  const outputs = Progress.shape.outputs.safeParse(masked).data ?? null;
  return { percent: text.percent, message, outputs };
}
