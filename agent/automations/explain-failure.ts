import type { Secrets } from '../../protocol/job-document.ts';
import { createTextMask } from '../masking/text-mask.ts';
import { toOneLine } from '../one-line.ts';
import type { Harvest } from './harvest.ts';
import type { LeftPlace } from './left-file.ts';
import { readLeftFiles } from './read-left-files.ts';

const maxLength = 2000;

/** What the kind can say of a command that failed, secrets masked; null where it has nothing to say. Never rejects. */
export async function explainFailure(
  harvest: Harvest,
  place: LeftPlace & { readonly secrets: Secrets; readonly status: number },
): Promise<string | null> {
  try {
    const why = harvest.explain(await readLeftFiles(place, harvest.failureFiles), place.status);
    return why === null ? null : toOneLine(createTextMask(place.secrets)(why), maxLength);
  } catch {
    // The exit status stands without it.
    return null;
  }
}
