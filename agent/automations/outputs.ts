import type { Secrets } from '../../protocol/job-document.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { Automation } from './automation.ts';

export type Outputs =
  | { readonly type: 'outputs'; readonly value: JsonObject }
  | { readonly type: 'none' }
  /** Cause `outputs-invalid`; the message holds no secret. */
  | { readonly type: 'invalid'; readonly message: string };

/** Name of the file in the attempt's folder that `FARHAND_OUTPUTS` points to. */
export const outputsFileName = 'outputs';

/** The most that is read of it. */
export const maxOutputsBytes = 1024 * 1024;

/** Reads what a program that ended wrote to its `FARHAND_OUTPUTS`. Secrets in string values are masked. Never rejects. */
export async function readOutputs(
  _automation: Automation,
  _options: { readonly folder: string; readonly secrets: Secrets },
): Promise<Outputs> {
  throw new Error('not yet');
}
