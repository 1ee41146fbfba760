import type { JobDocument, Secrets } from '../../protocol/job-document.ts';
import type { Labels } from '../../protocol/labels.ts';

/** What a command is made of, beside the automation. */
export interface Preparation {
  readonly document: JobDocument;
  readonly secrets: Secrets;
  readonly agent: { readonly name: string; readonly labels: Labels };
  /** The attempt's folder, absolute. */
  readonly folder: string;
  /** The agent's own environment; what a job may have of it is picked here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
