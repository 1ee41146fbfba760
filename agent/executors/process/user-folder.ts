import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, constants, lstatSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JobUser } from '../../automations/job-user.ts';
import type { PreparedCommand, RunAs } from '../../automations/prepared-command.ts';
import type { StartFailure } from '../executor.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Makes the folder of a command that runs as another user: that user's, 0700, in a folder of the agent's that may be passed through
 * and not looked into (0711). The attempt's own folder stays closed. One that an earlier start made stays.
 */
export function makeUserFolder({ user, folder }: RunAs): StartFailure | null {
  try {
    makePassage(dirname(folder), user);
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, { mode: 0o700 });
    // Also one that an earlier agent made and did not come to give away.
    if (statSync(folder).uid !== user.uid) chownSync(folder, user.uid, user.gid);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return toFailure('environment', `Expected to make a folder for user ${user.name}, the system refused: ${message}`);
  }
  const closed = findClosed(dirname(folder), user);
  return closed === null
    ? null
    : toFailure(
        'command',
        `Expected a way for user ${user.name} to ${folder}, the folder ${closed} lets nobody else through: put the agent's data elsewhere (FARHAND_DATA; of farhand exec: TMPDIR), or open it: chmod o+x ${closed}`,
      );
}

function toFailure(fault: StartFailure['fault'], message: string): StartFailure {
  return { type: 'failed', fault, message };
}

/** `shelf` holds the folders of such commands. It and the agent's data folder let others through; all else in there is closed first. */
function makePassage(shelf: string, user: JobUser): void {
  if (lstatSync(shelf, { throwIfNoEntry: false }) === undefined) mkdirSync(shelf, { mode: 0o700 });
  for (const path of [shelf, dirname(shelf)]) {
    if (user.uid === 0 || (statSync(path).mode & 0o001) !== 0) continue;
    for (const name of readdirSync(path)) if (join(path, name) !== shelf) close(join(path, name));
    chmodSync(path, 0o711);
  }
}

function close(path: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status?.isFile() === true || status?.isDirectory() === true) chmodSync(path, status.mode & 0o700);
}

/** The first folder on the way that the user cannot pass. */
function findClosed(path: string, user: JobUser): string | null {
  if (user.uid === 0) return null;
  const above = dirname(path) === path ? null : findClosed(dirname(path), user);
  if (above !== null) return above;
  const { mode, uid, gid } = statSync(path);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & bit) === 0 ? path : null;
}

/**
 * Puts a file into a user's folder, whatever the user has put there under its name: written under a name that nobody knows, which is
 * made anew, given away by its descriptor, and moved into its place. No link is followed and no file of another is written to.
 */
export async function putUserFile(
  { user, folder }: RunAs,
  { name, content, executable }: PreparedCommand['files'][number],
): Promise<void> {
  const part = join(folder, `.${randomUUID()}`);
  const file = await open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, executable ? 0o700 : 0o600);
  try {
    await file.writeFile(content);
    await file.chown(user.uid, user.gid);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  renameSync(part, join(folder, name));
}
