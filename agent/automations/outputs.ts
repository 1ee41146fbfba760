import type { Secrets } from '../../protocol/job-document.ts';
import { JsonObject } from '../../protocol/json.ts';
import { parse } from '../../protocol/parse.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { maskObject } from '../masking/mask-object.ts';
import { createTextMask } from '../masking/text-mask.ts';
import type { Automation } from './automation.ts';
import type { Harvest } from './harvest.ts';
import { type LeftPlace, readLeftFile } from './left-file.ts';
import { OutputsError } from './outputs-error.ts';
import { maxOutputsBytes, outputsFile, parseOutputs } from './program-outputs.ts';
import { readLeftFiles } from './read-left-files.ts';

export type Outputs =
  | { readonly type: 'outputs'; readonly value: JsonObject }
  | { readonly type: 'none' }
  /** Cause `outputs-invalid`; the message holds no secret. */
  | { readonly type: 'invalid'; readonly message: string };

function check(automation: Pick<Automation, 'outputs'>, value: JsonObject): JsonObject {
  const verdict = automation.outputs?.validate(value);
  if (verdict === undefined) return value;
  if (verdict.ok) return verdict.value as JsonObject;
  const list = verdict.errors.map(({ pointer, message }) => `${pointer === '' ? 'the whole' : pointer} ${message}`);
  throw new OutputsError(`the outputs do not fit the automation: ${list.join('; ')}`);
}

/** What the kind makes of the files that its command left. */
async function harvestOutputs(harvest: Harvest, place: LeftPlace): Promise<JsonObject> {
  return parse(JsonObject, harvest.toOutputs(await readLeftFiles(place, harvest.outputFiles)), 'object of outputs');
}

async function readProgramOutputs(place: LeftPlace): Promise<JsonObject | null> {
  const bytes = await readLeftFile(place, outputsFile);
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
  source: LeftPlace & { readonly secrets: Secrets; readonly harvest: Harvest | null },
): Promise<Outputs> {
  const { secrets, harvest } = source;
  const maskText = createTextMask(secrets);
  try {
    const value = harvest === null ? await readProgramOutputs(source) : await harvestOutputs(harvest, source);
    const checked = check(automation, value ?? {});
    if (value === null) return { type: 'none' };
    // As JSON they may be longer than as the program wrote them, and defaults add to it.
    const bytes = Buffer.byteLength(JSON.stringify(checked));
    if (bytes > maxOutputsBytes)
      throw new OutputsError(`expected at most ${maxOutputsBytes} bytes of outputs, got ${bytes}`);
    return { type: 'outputs', value: maskObject(checked, maskText) };
  } catch (error) {
    if (!(error instanceof OutputsError) && !(error instanceof ProtocolError)) {
      return { type: 'invalid', message: 'the outputs cannot be read' };
    }
    return { type: 'invalid', message: maskText(error.message).slice(0, 2000) };
  }
}
