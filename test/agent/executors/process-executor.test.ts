import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { testExecutor } from '../../contract/executor-contract.ts';
import { testProcessExecutor } from '../../contract/process-contract.ts';
import { testShellExecutor } from '../../contract/shell-contract.ts';
import { createProcessHarness, createProcessPlaces } from './process-place.ts';

const places = await createProcessPlaces();
after(() => places.remove());

/** A shell that goes by its first argument must be called as the one it is to be. */
function linkTo(shell: string, name: string): string {
  const path = join(places.root, name);
  symlinkSync(shell, path);
  return path;
}

/** Each shell as what runs the wrapper, started by execa, and as what starts it too. */
function testShell(name: string, shell: string): void {
  const byExeca = createProcessHarness({ name: `process, ${name}, by execa`, shell, launcher: 'execa', places });
  const launcher = { launcherShell: shell };
  const byItself = createProcessHarness({ name: `process, ${name}, by itself`, shell, launcher, places });
  for (const harness of [byExeca, byItself]) {
    testExecutor(harness);
    testShellExecutor(harness);
    testProcessExecutor(harness);
  }
}

testShell('/bin/sh', '/bin/sh');
if (existsSync('/bin/bash')) testShell('bash as sh', linkTo('/bin/bash', 'sh'));
if (existsSync('/bin/busybox')) testShell('busybox ash', linkTo('/bin/busybox', 'ash'));
