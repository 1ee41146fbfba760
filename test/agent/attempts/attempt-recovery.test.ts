import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptContext } from '../../../agent/attempts/attempt-context.ts';
import type { AttemptFolder } from '../../../agent/attempts/attempt-folder.ts';
import { recoverFolder } from '../../../agent/attempts/attempt-recovery.ts';
import type { CommandEnd } from '../../../agent/executors/command-end.ts';
import type { Executor, FenceState } from '../../../agent/executors/executor.ts';
import { createExecutors } from '../../../agent/executors/executors.ts';
import { processKind } from '../../../agent/executors/process/process-kind.ts';

const boot = 'this boot';
const record = { read: async () => ({ machineBootId: boot, document: {}, terms: { executor: processKind.name } }) };
const none = { read: async () => null };

/** A folder with a document of this boot, in which `fence` is found; `onInspect` runs just before. */
function createPlace({ fence, onInspect }: { readonly fence: () => FenceState; readonly onInspect: () => void }) {
  let end: CommandEnd | null = null;
  const folder = {
    attempt: 'attempt',
    path: '/attempt',
    target: { attempt: 'attempt', folder: '/attempt' },
    hookTarget: (name: string) => ({ attempt: 'attempt', folder: `/attempt/${name}` }),
    document: record,
    result: none,
    intent: none,
    after: none,
    rawSize: async () => 0,
  } as unknown as AttemptFolder;
  const context = {
    machineBootId: boot,
    tombstones: { has: async () => false },
    fs: { lstat: async () => null },
    clock: { now: () => 0 },
    executors: createExecutors({
      kind: processKind,
      async inspect() {
        onInspect();
        return fence();
      },
      readEnd: async () => end,
      adopt: async () => null,
    } as unknown as Executor),
  } as unknown as AttemptContext;
  return { folder, context, end: (status: number) => void (end = { type: 'exit', status, marked: false, at: null }) };
}

test('A command that ends while its folder is looked at has the end that its record says', async () => {
  const place = createPlace({
    fence: () => ({ type: 'started', at: 1, alive: false }),
    onInspect: () => place.end(0),
  });

  const found = await recoverFolder(place.context, place.folder);

  assert.deepEqual(found.type === 'finished' && found.ending, { type: 'exited', status: 0 });
});

test('A command that ends between the look and its adoption is looked at again', async () => {
  let looks = 0;
  const place = createPlace({
    fence: () => ({ type: 'started', at: 1, alive: looks === 1 }),
    onInspect: () => {
      looks += 1;
      if (looks === 2) place.end(3);
    },
  });

  const found = await recoverFolder(place.context, place.folder);

  assert.deepEqual(found.type === 'finished' && found.ending, { type: 'exited', status: 3 });
});
