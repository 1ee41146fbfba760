import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { obstacles } from '../../../protocol/hub-status.ts';

test('docs/status.md explains every reason for which jobs wait, and none that is not there', async () => {
  const page = await readFile(new URL('../../../docs/status.md', import.meta.url), 'utf8');
  const [, section = ''] = /^## Why does my job wait\?\n(.*?)^## /ms.exec(page) ?? [];

  const explained = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, reason = '']) => reason);

  assert.deepEqual(explained.toSorted(), [...obstacles].toSorted());
});
