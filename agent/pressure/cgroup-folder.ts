import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * Where the files of this process's control group of version 2 are (cgroups(7), proc_pid_mountinfo(5)); null where there is none, or none
 * that is mounted here, or where it is the whole machine. A container without a namespace of its own for them sees a part of the tree: the root of the mount is taken off.
 */
export function findCgroupFolder(root = '/'): string | null {
  try {
    const [, path] = /^0::(\/.*)$/m.exec(readFileSync(join(root, 'proc/self/cgroup'), 'utf8')) ?? [];
    const mounts = readFileSync(join(root, 'proc/self/mountinfo'), 'utf8').split('\n');
    if (path === undefined) return null;
    for (const line of mounts) {
      // 25 24 0:22 <root of the mount> <where> rw,… - cgroup2 …
      const [, mountRoot = '', place = ''] = /^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup2 /.exec(line) ?? [];
      if (place === '') continue;
      const below = relative(mountRoot, path);
      const folder = below.startsWith('..') ? join(root, place) : join(root, place, below);
      // The group of all that runs on the machine is the one that has no such file.
      return existsSync(join(folder, 'cgroup.type')) ? folder : null;
    }
    return null;
  } catch {
    return null;
  }
}
