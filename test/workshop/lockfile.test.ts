import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe('package-lock.json', () => {
  const lockfile = readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lockfile) as { packages: Readonly<Record<string, LockedPackage>> };

  it('holds the packages of every platform, without which `npm ci` refuses it', () => {
    const names = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}));

    const missing = names.filter(
      (name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)),
    );

    assert.deepEqual(missing, [], 'run `node .ci/complete-lockfile.mjs`');
  });

  it('names no registry, so that each machine uses its own', () => {
    const resolved = Object.entries(packages).filter(([, locked]) => locked.resolved !== undefined);

    assert.deepEqual(
      resolved.map(([path]) => path),
      [],
      'run `npm install --omit-lockfile-registry-resolved`',
    );
  });
});
