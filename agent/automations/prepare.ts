import type { JobDocument, Secrets } from '../../protocol/job-document.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { Automation } from './automation.ts';
import type { PreparedCommand } from './prepared-command.ts';
import type { Refusal } from './refusal.ts';

export interface Preparation {
  readonly document: JobDocument;
  readonly secrets: Secrets;
  readonly agent: { readonly name: string; readonly labels: Labels };
  /** The attempt's folder, absolute. */
  readonly folder: string;
  /** The agent's own environment; what a job may have of it is picked here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Makes the command of one attempt, or says why there is none. Touches no file and starts nothing. */
export function prepare(
  _automation: Automation,
  _preparation: Preparation,
): { readonly type: 'prepared'; readonly command: PreparedCommand } | Refusal {
  throw new Error('not yet');
}
