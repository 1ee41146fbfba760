import type { Secrets } from '../../protocol/job-document.ts';
import { createTextMask } from '../masking/text-mask.ts';
import type { Harvest } from './harvest.ts';
import { readLeftFiles } from './read-left-files.ts';

const maxLength = 2000;

/** What the kind can say of a command that failed, secrets masked; null where it has nothing to say. Never rejects. */
export async function explainFailure(
  harvest: Harvest,
  { folder, secrets, status }: { readonly folder: string; readonly secrets: Secrets; readonly status: number },
): Promise<string | null> {
  try {
    const why = harvest.explain(await readLeftFiles(folder, harvest.failureFiles), status);
    return why === null ? null : createTextMask(secrets)(why).slice(0, maxLength);
  } catch {
    // The exit status stands without it.
    return null;
  }
}
