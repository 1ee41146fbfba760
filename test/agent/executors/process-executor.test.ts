import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { testExecutor } from '../../contract/executor-contract.ts';
import { createProcessHarness, createProcessPlaces } from './process-place.ts';

const places = await createProcessPlaces();
after(() => places.remove());

/** A shell that goes by its first argument must be called as the one it is to be. */
function linkTo(shell: string, name: string): string {
  const path = join(places.root, name);
  symlinkSync(shell, path);
  return path;
}

testExecutor(createProcessHarness({ name: 'process, /bin/sh', shell: '/bin/sh', places }));
if (existsSync('/bin/bash')) {
  testExecutor(createProcessHarness({ name: 'process, bash as sh', shell: linkTo('/bin/bash', 'sh'), places }));
}
if (existsSync('/bin/busybox')) {
  testExecutor(createProcessHarness({ name: 'process, busybox ash', shell: linkTo('/bin/busybox', 'ash'), places }));
}
