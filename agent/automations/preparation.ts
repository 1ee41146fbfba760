import type { JobDocument, Secrets } from '../../protocol/job-document.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { JobUser } from './job-user.ts';

/** What a command is made of, beside the automation. */
export interface Preparation {
  readonly document: JobDocument;
  readonly secrets: Secrets;
  readonly agent: { readonly name: string; readonly labels: Labels };
  /** Where the job's own files are, absolute, as the command sees them: the attempt's folder, or that of `user`. */
  readonly folder: string;
  /** Who runs it; null for the agent's own user. */
  readonly user: JobUser | null;
  /** The agent's own environment; what a job may have of it is picked here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
