import { JsonObject } from '../../protocol/json.ts';
import { parse } from '../../protocol/parse.ts';
import type { LeftFile } from './left-file.ts';
import { OutputsError } from './outputs-error.ts';

/** Name of the file in the attempt's folder that `FARHAND_OUTPUTS` points to. */
export const outputsFileName = 'outputs';

/** The most that outputs may take, as JSON or as the program wrote them. */
export const maxOutputsBytes = 1024 * 1024;

/** What a program writes to `FARHAND_OUTPUTS`. */
export const outputsFile: LeftFile = {
  name: outputsFileName,
  of: 'command',
  called: 'FARHAND_OUTPUTS',
  maxBytes: maxOutputsBytes,
  over: 'refuse',
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseLines(text: string): JsonObject {
  const values = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const equals = line.indexOf('=');
    const key = line.slice(0, equals).trim();
    if (equals < 1 || key === '') {
      throw new OutputsError(
        `expected one JSON object, or KEY=VALUE in each line; line ${index + 1} of the outputs is neither`,
      );
    }
    values.set(key, line.slice(equals + 1));
  }
  return Object.fromEntries(values);
}

/** One JSON object, or lines `KEY=VALUE` whose values are text; null when there is nothing in them. Throws `OutputsError` or `ProtocolError`. */
export function parseOutputs(bytes: Buffer): JsonObject | null {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new OutputsError('expected UTF-8 text in the outputs, got bytes that are not');
  }
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = text.trimStart().startsWith('{') ? JSON.parse(text) : parseLines(text);
  } catch (error) {
    if (error instanceof OutputsError) throw error;
    throw new OutputsError('the outputs begin like a JSON object and are not one');
  }
  return parse(JsonObject, value, 'object of outputs');
}
