import type { FileHandle, FileSystem } from '../../../runtime/file-system.ts';
import type { LogStore } from './log-copy.ts';

const blockBytes = 64 * 1024;

/**
 * A container's log in the `raw` of its attempt, where it begins at `base`: a hook may have printed before. Beyond `limitBytes` nothing is
 * stored, only counted. What was appended is in the file after `flush`.
 */
export interface RawStore extends LogStore, AsyncDisposable {
  flush(): Promise<void>;
  /** Bytes of the log that are in the file. */
  readonly stored: number;
  /** Bytes that came beyond the limit. */
  readonly dropped: number;
}

export async function openRawStore(options: {
  readonly fileSystem: FileSystem;
  readonly path: string;
  readonly base: number;
  readonly limitBytes: number | null;
}): Promise<RawStore> {
  const { fileSystem, path, base } = options;
  const limit = options.limitBytes ?? Infinity;
  await using created = await fileSystem.open(path, 'a', 0o600);
  let stored = Math.max(0, (await created.size()) - base);
  const file: FileHandle = await fileSystem.open(path, 'r+');
  let dropped = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let block: { readonly at: number; readonly bytes: Uint8Array } | null = null;

  async function flush(): Promise<void> {
    if (heldBytes === 0) return;
    const bytes = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held);
    await file.write(bytes, base + stored);
    stored += bytes.length;
    held = [];
    heldBytes = 0;
    block = null;
  }

  /** Up to `length` bytes from `offset` on, fewer at the end of what is stored. */
  async function readAt(offset: number, length: number): Promise<Uint8Array> {
    if (block === null || offset < block.at || offset >= block.at + block.bytes.length) {
      const buffer = Buffer.alloc(Math.min(blockBytes, stored - offset));
      block = { at: offset, bytes: buffer.subarray(0, await file.read(buffer, base + offset)) };
    }
    return block.bytes.subarray(offset - block.at, offset - block.at + length);
  }

  return {
    get length() {
      return stored + heldBytes + dropped;
    },
    get stored() {
      return stored;
    },
    get dropped() {
      return dropped;
    },
    append: (bytes) => {
      const room = Math.max(0, limit - stored - heldBytes);
      const kept = bytes.subarray(0, Math.min(bytes.length, room));
      dropped += bytes.length - kept.length;
      if (kept.length === 0) return;
      held.push(kept);
      heldBytes += kept.length;
    },
    matches: async (offset, bytes) => {
      await flush();
      const known = bytes.subarray(0, Math.max(0, Math.min(bytes.length, stored - offset)));
      for (let at = 0; at < known.length; ) {
        const found = await readAt(offset + at, known.length - at);
        if (found.length === 0 || Buffer.compare(found, known.subarray(at, at + found.length)) !== 0) return false;
        at += found.length;
      }
      return true;
    },
    flush,
    [Symbol.asyncDispose]: () => file.close(),
  };
}
