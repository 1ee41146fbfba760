import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { writeFully } from '../../../hub/logs/write-fully.ts';

/** A file of which each call takes at most so many bytes. */
function createSlowFile(most: number): { readonly handle: FileHandle; readonly content: () => string } {
  let content = Buffer.alloc(0);
  const handle = {
    async writev(buffers: readonly Uint8Array[], position: number) {
      const taken = Buffer.concat(buffers).subarray(0, most);
      const next = Buffer.alloc(Math.max(content.length, position + taken.length));
      content.copy(next);
      next.set(taken, position);
      content = next;
      return { bytesWritten: taken.length, buffers };
    },
  };
  return { handle: handle as unknown as FileHandle, content: () => content.toString() };
}

describe('writing all of it', () => {
  for (const most of [1, 3, 4, 5, 100]) {
    it(`goes on where a call ended that took ${most} bytes at most`, async () => {
      const { handle, content } = createSlowFile(most);
      const buffers = ['one', '', 'three', 'four'].map((text) => Buffer.from(text));

      await writeFully(handle, [Buffer.from('begin ')], 0);
      await writeFully(handle, buffers, 6);

      assert.equal(content(), 'begin onethreefour');
    });
  }

  it('takes more buffers than fit into one call', async () => {
    const { handle, content } = createSlowFile(Number.POSITIVE_INFINITY);
    const buffers = Array.from({ length: 1_500 }, (_, index) => Buffer.from(`${index} `));

    await writeFully(handle, buffers, 0);

    assert.equal(content(), Buffer.concat(buffers).toString());
  });
});
