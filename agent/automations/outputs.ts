import type { Secrets } from '../../protocol/job-document.ts';
import { JsonObject, type JsonValue } from '../../protocol/json.ts';
import { parse } from '../../protocol/parse.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { createTextMask } from '../masking/text-mask.ts';
import type { Automation } from './automation.ts';
import type { Harvest } from './harvest.ts';
import { readLeftFile } from './left-file.ts';
import { OutputsError } from './outputs-error.ts';
import { maxOutputsBytes, outputsFile, parseOutputs } from './program-outputs.ts';
import { readLeftFiles } from './read-left-files.ts';

export type Outputs =
  | { readonly type: 'outputs'; readonly value: JsonObject }
  | { readonly type: 'none' }
  /** Cause `outputs-invalid`; the message holds no secret. */
  | { readonly type: 'invalid'; readonly message: string };

function maskValue(value: JsonValue, maskText: (text: string) => string): JsonValue {
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => maskValue(item, maskText));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskValue(item, maskText)]));
}

function check(automation: Pick<Automation, 'outputs'>, value: JsonObject): JsonObject {
  const verdict = automation.outputs?.validate(value);
  if (verdict === undefined) return value;
  if (verdict.ok) return verdict.value as JsonObject;
  const list = verdict.errors.map(({ pointer, message }) => `${pointer === '' ? 'the whole' : pointer} ${message}`);
  throw new OutputsError(`the outputs do not fit the automation: ${list.join('; ')}`);
}

/** What the kind makes of the files that its command left. */
async function harvestOutputs(harvest: Harvest, folder: string): Promise<JsonObject> {
  const value = parse(
    JsonObject,
    harvest.toOutputs(await readLeftFiles(folder, harvest.outputFiles)),
    'object of outputs',
  );
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= maxOutputsBytes) return value;
  throw new OutputsError(`expected at most ${maxOutputsBytes} bytes of outputs, got ${bytes}`);
}

async function readProgramOutputs(folder: string): Promise<JsonObject | null> {
  const bytes = await readLeftFile(folder, outputsFile);
  return bytes === null ? null : parseOutputs(bytes);
}

/**
 * The outputs of a command that succeeded: what its kind makes of the files it left, or without a `harvest` what the program wrote to
 * its `FARHAND_OUTPUTS`: one JSON object, or lines `KEY=VALUE` whose values are text. No file, or an empty one, counts as no
 * outputs where the automation's schema allows `{}`. Secrets in text values are masked after the check; keys and numbers are
 * not. Never rejects.
 */
export async function readOutputs(
  automation: Pick<Automation, 'outputs'>,
  options: { readonly folder: string; readonly secrets: Secrets; readonly harvest: Harvest | null },
): Promise<Outputs> {
  const { folder, secrets, harvest } = options;
  const maskText = createTextMask(secrets);
  try {
    const value = harvest === null ? await readProgramOutputs(folder) : await harvestOutputs(harvest, folder);
    const checked = check(automation, value ?? {});
    if (value === null) return { type: 'none' };
    return { type: 'outputs', value: maskValue(checked, maskText) as JsonObject };
  } catch (error) {
    if (!(error instanceof OutputsError) && !(error instanceof ProtocolError)) {
      return { type: 'invalid', message: 'the outputs cannot be read' };
    }
    return { type: 'invalid', message: maskText(error.message).slice(0, 2000) };
  }
}
