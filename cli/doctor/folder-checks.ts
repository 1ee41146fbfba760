import { constants, type Stats } from 'node:fs';
import { access, lstat, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Check, type Found, fault, ok, skipped, warning } from './check.ts';
import { findLockHolder } from './lock-holder.ts';

export interface DataFolderOptions {
  /** Absolute. */
  readonly folder: string;
  readonly process: 'agent' | 'hub';
  /** Names in the folder of what nobody else may read. */
  readonly privateFiles: readonly string[];
  /** With less free than that it does not work; with less than that it will not for long. */
  readonly neededBytes: number;
  readonly comfortableBytes: number;
  /** `FARHAND_…` of this process: who holds the folder is compared with it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A data folder: who owns it, who may read it, who uses it, and how full its disk is. */
export function createFolderChecks(options: DataFolderOptions): readonly Check[] {
  return [
    { name: 'data folder', about: 'machine', look: () => judgeFolder(options) },
    { name: 'owner', about: 'machine', look: () => judgeHolder(options) },
    { name: 'disk', about: 'machine', look: () => judgeDisk(options) },
  ];
}

async function judgeFolder(options: DataFolderOptions): Promise<readonly Found[] | Found> {
  const { folder } = options;
  const status = await stat(folder).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
  if (status === 'ENOENT') return judgeMissing(options);
  if (typeof status === 'string') {
    return fault(
      `${folder} cannot be looked at by this user (${status})`,
      `Run this as the user that the ${options.process} runs as: sudo -u USER farhand doctor --${options.process}`,
    );
  }
  if (!status.isDirectory()) {
    return fault(`${folder} is a file, not a folder`, 'Name another one: FARHAND_DATA=/var/lib/farhand');
  }
  const found = [...judgeOwner(options, status)];
  const denied = await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => null,
    (error: NodeJS.ErrnoException) => error,
  );
  if (denied?.code === 'EROFS') {
    found.push(
      fault(
        `${folder} is on a file system that is read-only`,
        `Mount it for writing (mount -o remount,rw …), or name another folder: FARHAND_DATA=/var/lib/farhand`,
      ),
    );
  } else if (denied !== null) {
    found.push(
      fault(
        `${folder} cannot be written by this user (${denied.code})`,
        `As its owner or as root: chmod u+rwx ${folder}, or chown -R ${toUser()} ${folder}`,
      ),
    );
  }
  // To pass through (0711) is what jobs of other users (`user:`) need: the agent allows it itself.
  if ((status.mode & 0o066) !== 0) {
    found.push(
      warning(
        `${folder} is open to other users (mode ${toMode(status)})`,
        `Take it away from them: chmod go-rw ${folder}`,
      ),
    );
  }
  found.push(...(await judgePrivateFiles(options)));
  return found.length > 0 ? found : ok(`${folder} is there, and only this user may read it`);
}

function judgeOwner({ folder, process: name }: DataFolderOptions, { uid }: Stats): readonly Found[] {
  const self = process.getuid?.();
  if (self === undefined || uid === self) return [];
  const remedy = `Run this as the user that the ${name} runs as (sudo -u '#${uid}' farhand doctor), or give that user the folder: chown -R ${toUser()} ${folder}`;
  if (self === 0) {
    return [
      warning(
        `${folder} belongs to user ${uid}, and this runs as root: what root makes there, user ${uid} cannot use`,
        remedy,
      ),
    ];
  }
  return [fault(`${folder} belongs to user ${uid}, and this runs as user ${self}`, remedy)];
}

async function judgePrivateFiles({ folder, privateFiles }: DataFolderOptions): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const name of privateFiles) {
    const path = join(folder, name);
    const status = await lstat(path).catch(() => null);
    if (status === null) continue;
    if (status.isFile() && (status.mode & 0o077) !== 0) {
      found.push(
        fault(`${path} holds a secret, and other users may read it (mode ${toMode(status)})`, `chmod 600 ${path}`),
      );
    }
    if (
      await access(path, constants.R_OK).then(
        () => false,
        () => true,
      )
    ) {
      found.push(fault(`${path} cannot be read by this user`, `As root: chown ${toUser()} ${path}`));
    }
  }
  return found;
}

async function judgeMissing({ folder }: DataFolderOptions): Promise<Found> {
  const parent = await findExisting(folder);
  const denied = await access(parent, constants.W_OK | constants.X_OK).then(
    () => null,
    (error: NodeJS.ErrnoException) => error.code ?? 'EACCES',
  );
  if (denied === null) return ok(`${folder} is not there yet; it is made at the first start`);
  return fault(
    `${folder} is not there, and cannot be made in ${parent} (${denied})`,
    `As root: install -d -m 700 -o ${toUser()} ${folder}; or name another one: FARHAND_DATA=…`,
  );
}

async function judgeHolder({ folder, process: name, environment }: DataFolderOptions): Promise<Found> {
  const holder = await findLockHolder(join(folder, 'owner.lock'));
  switch (holder.type) {
    case 'none':
      return ok(`no process uses ${folder} now`);
    case 'unknown':
      return skipped(`whether a process uses ${folder} cannot be seen here`);
    case 'held': {
      const { pid } = holder;
      const who = pid === null ? 'a process that cannot be seen from here' : `process ${pid}`;
      const differing = findDifferences(holder.environment, environment);
      if (differing !== null && differing.length === 0)
        return ok(`${who} uses it: the ${name} of this configuration runs`);
      const how = differing === null ? '' : `, and was started with another ${differing.join(', ')}`;
      return warning(
        `${who} uses ${folder}${how}; a second ${name} on it ends at once`,
        `If that is the ${name} you mean, all is well; if not, stop it, or give this one a folder of its own: FARHAND_DATA=…`,
      );
    }
  }
}

/** What both say differently; null where nobody knows. What doctor alone was told says nothing. */
function findDifferences(
  theirs: Readonly<Record<string, string>> | null,
  ours: DataFolderOptions['environment'],
): readonly string[] | null {
  if (theirs === null) return null;
  const told = (environment: DataFolderOptions['environment']) =>
    Object.keys(environment).filter((name) => /^FARHAND_(NAME|HUB_URL|LABELS|AUTOMATIONS|LISTEN|SLOTS)$/.test(name));
  return [...new Set([...told(theirs), ...told(ours)])].filter((name) => theirs[name] !== ours[name]).toSorted();
}

async function judgeDisk({ folder, process: name, neededBytes, comfortableBytes }: DataFolderOptions): Promise<Found> {
  const place = await findExisting(folder);
  const { bavail, bsize, files, ffree } = await statfs(place);
  const free = bavail * bsize;
  const remedy = `Free some space there, or move the folder: FARHAND_DATA=… (df -h ${place}; df -i ${place})`;
  if (free < neededBytes)
    return fault(`the disk of ${folder} is full (${toSize(free)} free): the ${name} takes no more jobs`, remedy);
  if (files > 0 && ffree < 100) return fault(`the disk of ${folder} has room for ${ffree} more files only`, remedy);
  if (free < comfortableBytes) return warning(`the disk of ${folder} is nearly full (${toSize(free)} free)`, remedy);
  return ok(`${toSize(free)} free for ${folder}`);
}

async function findExisting(folder: string): Promise<string> {
  for (let place = folder; ; place = dirname(place)) {
    if ((await stat(place).catch(() => null)) !== null || place === dirname(place)) return place;
  }
}

function toMode({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}

function toUser(): string {
  return String(process.getuid?.() ?? '$USER');
}

function toSize(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.round(bytes / 1024)} KiB`;
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
