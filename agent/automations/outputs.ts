import { join } from 'node:path';
import type { Secrets } from '../../protocol/job-document.ts';
import { JsonObject } from '../../protocol/json.ts';
import { parse } from '../../protocol/parse.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { maskObject } from '../masking/mask-object.ts';
import { createTextMask } from '../masking/text-mask.ts';
import type { Automation } from './automation.ts';
import { JobFileError, openJobFile, readFully } from './job-file.ts';

export type Outputs =
  | { readonly type: 'outputs'; readonly value: JsonObject }
  | { readonly type: 'none' }
  /** Cause `outputs-invalid`; the message holds no secret. */
  | { readonly type: 'invalid'; readonly message: string };

/** Name of the file in the attempt's folder that `FARHAND_OUTPUTS` points to. */
export const outputsFileName = 'outputs';

/** The most that is read of it. */
export const maxOutputsBytes = 1024 * 1024;

class OutputsError extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true });

async function readBounded(path: string, owner: number | null): Promise<Buffer | null> {
  const file = await openJobFile(path, { owner, variable: 'FARHAND_OUTPUTS' });
  if (file === null) return null;
  try {
    const buffer = Buffer.alloc(maxOutputsBytes + 1);
    const length = await readFully(file, buffer, 0);
    if (length > maxOutputsBytes)
      throw new OutputsError(`expected at most ${maxOutputsBytes} bytes of outputs, got more`);
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

async function readFileOrNothing(path: string, owner: number | null): Promise<Buffer | null> {
  try {
    return await readBounded(path, owner);
  } catch (error) {
    if (!(error instanceof JobFileError)) throw error;
    throw new OutputsError(error.message);
  }
}

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

function parseOutputs(bytes: Buffer): JsonObject | null {
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

function check(automation: Pick<Automation, 'outputs'>, value: JsonObject): JsonObject {
  const verdict = automation.outputs?.validate(value);
  if (verdict === undefined) return value;
  if (verdict.ok) return verdict.value as JsonObject;
  const list = verdict.errors.map(({ pointer, message }) => `${pointer === '' ? 'the whole' : pointer} ${message}`);
  throw new OutputsError(`the outputs do not fit the automation: ${list.join('; ')}`);
}

/**
 * Reads what a program that ended wrote to its `FARHAND_OUTPUTS`: one JSON object, or lines `KEY=VALUE` whose values are
 * text. No file, or an empty one, counts as no outputs where the automation's schema allows `{}`. Secrets in text values are
 * masked after the check; keys and numbers are not. Never rejects.
 */
export async function readOutputs(
  automation: Pick<Automation, 'outputs'>,
  source: {
    /** Where the job's own files are. */
    readonly folder: string;
    /** The user that the job runs as, where that is not the agent's own. */
    readonly owner: number | null;
    readonly secrets: Secrets;
  },
): Promise<Outputs> {
  const { folder, owner } = source;
  const maskText = createTextMask(source.secrets);
  try {
    const bytes = await readFileOrNothing(join(folder, outputsFileName), owner);
    const value = bytes === null ? null : parseOutputs(bytes);
    const checked = check(automation, value ?? {});
    if (value === null) return { type: 'none' };
    return { type: 'outputs', value: maskObject(checked, maskText) };
  } catch (error) {
    if (!(error instanceof OutputsError) && !(error instanceof ProtocolError)) {
      return { type: 'invalid', message: 'the outputs cannot be read' };
    }
    return { type: 'invalid', message: maskText(error.message).slice(0, 2000) };
  }
}
