import type { JobUser } from '../automations/job-user.ts';
import type { AttemptFolder } from './attempt-folder.ts';

/** Where the files that a job reads and writes are (parameters, outputs, progress, scripts), and whose they are. */
export function jobFiles(
  folder: AttemptFolder,
  user: JobUser | null,
): { readonly folder: string; readonly user: JobUser | null } {
  return { folder: user === null ? folder.path : folder.userPath, user };
}
