import { normalize } from 'node:path';
import type { FileStatus, OpenFlags } from '../../runtime/file-system.ts';
import {
  copyFolder,
  createFolder,
  type DiskNode,
  type FileNode,
  type FolderNode,
  type NameChange,
  survivingBytes,
} from './disk-node.ts';
import type { SeededRandom } from './seeded-random.ts';

export function diskError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/**
 * A disk in memory. What was written and not flushed is there for every process, and what of it survives a power loss is up to chance: for a
 * file any part of what was appended, perhaps as zeros; for a folder the changes of its names up to any one of them.
 */
export class MemoryDisk {
  readonly #now: () => number;
  /** Bytes that fit. */
  capacity = Number.POSITIVE_INFINITY;
  /** Grows with each power loss: flushes that were under way come to nothing. */
  generation = 0;
  #root = createFolder(0);
  #flushes = 0;
  /** The newest flush that is over: one that began before it, and ends after it, takes nothing back. */
  readonly #newest = new WeakMap<DiskNode, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Another disk with all that is on this one at this moment, and all of it flushed. */
  copy(now: () => number): MemoryDisk {
    const copy = new MemoryDisk(now);
    copy.#root = copyFolder(this.#root);
    return copy;
  }

  usedBytes(): number {
    let used = 0;
    const seen = new Set<DiskNode>();
    const count = (node: DiskNode) => {
      if (seen.has(node)) return;
      seen.add(node);
      if (node.type === 'file') used += node.bytes.length;
      else for (const child of node.names.values()) count(child);
    };
    count(this.#root);
    return used;
  }

  freeBytes(): number {
    return this.capacity === Number.POSITIVE_INFINITY ? 2 ** 40 : Math.max(0, this.capacity - this.usedBytes());
  }

  open(given: string, flags: OpenFlags): FileNode {
    const path = normalize(given);
    const { folder, name } = this.#parent(path);
    const found = folder.names.get(name);
    if (found?.type === 'folder') throw diskError('EISDIR', path);
    if (found !== undefined) {
      if (flags === 'wx') throw diskError('EEXIST', path);
      if (flags === 'w') this.write(found, Buffer.alloc(0), { at: 0, truncate: true });
      return found;
    }
    if (flags === 'r' || flags === 'r+') throw diskError('ENOENT', path);
    const made: FileNode = { type: 'file', bytes: Buffer.alloc(0), flushed: Buffer.alloc(0), modifiedAt: this.#now() };
    this.#change(folder, (names) => names.set(name, made));
    return made;
  }

  /** Writes all of it, or fails with `ENOSPC` and writes nothing. */
  write(file: FileNode, bytes: Uint8Array, place: { readonly at: number; readonly truncate?: boolean }): void {
    const kept = place.truncate === true ? file.bytes.subarray(0, place.at) : file.bytes;
    const length = Math.max(kept.length, place.at + bytes.length);
    if (length - file.bytes.length > this.freeBytes()) throw diskError('ENOSPC', 'the disk');
    const next = Buffer.alloc(length);
    kept.copy(next);
    next.set(bytes, place.at);
    file.bytes = next;
    file.modifiedAt = this.#now();
  }

  truncate(file: FileNode, length: number): void {
    const next = Buffer.alloc(length);
    file.bytes.copy(next);
    file.bytes = next;
    file.modifiedAt = this.#now();
  }

  /** Begins a flush of what is there now; to be called when it is on the disk. */
  beginFlush(file: FileNode): () => void {
    const { bytes } = file;
    return this.#inOrder(file, () => void (file.flushed = bytes));
  }

  beginFolderFlush(path: string): () => void {
    const folder = this.#folder(path);
    const names = new Map(folder.names);
    const flushed = new Set(folder.changes);
    return this.#inOrder(folder, () => {
      folder.flushed = names;
      folder.changes = folder.changes.filter((change) => !flushed.has(change));
    });
  }

  readFile(path: string): Buffer {
    return this.open(path, 'r').bytes;
  }

  list(path: string): readonly string[] {
    return [...this.#folder(path).names.keys()];
  }

  lstat(path: string): FileStatus | null {
    const node = this.#find(path);
    if (node === null) return null;
    return {
      type: node.type,
      size: node.type === 'file' ? node.bytes.length : 0,
      modifiedAt: Math.floor(node.modifiedAt),
      owner: 0,
    };
  }

  mkdir(path: string, recursive: boolean): void {
    if (recursive && path !== '' && this.#find(parentOf(path)) === null) this.mkdir(parentOf(path), true);
    const { folder, name } = this.#parent(path);
    if (folder.names.has(name)) {
      if (recursive) return;
      throw diskError('EEXIST', path);
    }
    const made = createFolder(this.#now());
    this.#change(folder, (names) => names.set(name, made));
  }

  link(existing: string, path: string): void {
    const node = this.#mustFind(existing);
    const { folder, name } = this.#parent(path);
    if (folder.names.has(name)) throw diskError('EEXIST', path);
    this.#change(folder, (names) => names.set(name, node));
  }

  rename(from: string, to: string): void {
    const node = this.#mustFind(from);
    const source = this.#parent(from);
    const target = this.#parent(to);
    if (source.folder !== target.folder) throw new Error('expected a rename within one folder: no other is simulated');
    const there = target.folder.names.get(target.name);
    if (there?.type === 'folder' && there.names.size > 0) throw diskError('ENOTEMPTY', to);
    this.#change(source.folder, (names) => {
      names.delete(source.name);
      names.set(target.name, node);
    });
  }

  remove(path: string): void {
    if (this.#find(path) === null) return;
    const { folder, name } = this.#parent(path);
    this.#change(folder, (names) => names.delete(name));
  }

  unlink(path: string): void {
    if (this.#mustFind(path).type === 'folder') throw diskError('EISDIR', path);
    this.remove(path);
  }

  /** A hold on a folder that stays the same one whatever happens to its name. */
  holdFolder(path: string): HeldFolder {
    const folder = this.#folder(path);
    return {
      has: (name) => folder.names.has(name),
      read: (name) => {
        const node = folder.names.get(name);
        return node?.type === 'file' ? node : null;
      },
      create: (name, bytes) => {
        const made: FileNode = {
          type: 'file',
          bytes: Buffer.alloc(0),
          flushed: Buffer.alloc(0),
          modifiedAt: this.#now(),
        };
        this.#change(folder, (names) => names.set(name, made));
        this.write(made, bytes, { at: 0 });
        return made;
      },
    };
  }

  /** Whatever is on it is gone. */
  wipe(path: string): void {
    this.#find(path);
    this.remove(path);
    const { folder } = this.#parent(path);
    folder.flushed = new Map(folder.names);
    folder.changes = [];
  }

  /** The power is gone. */
  losePower(random: SeededRandom): void {
    this.generation += 1;
    const seen = new Set<DiskNode>();
    const settle = (node: DiskNode) => {
      if (seen.has(node)) return;
      seen.add(node);
      if (node.type === 'file') {
        node.bytes = survivingBytes(node, random);
        node.flushed = node.bytes;
        return;
      }
      const names = new Map(node.flushed);
      for (const change of node.changes.slice(0, random.below(node.changes.length + 1))) change(names);
      node.names = names;
      node.flushed = new Map(names);
      node.changes = [];
      for (const child of names.values()) settle(child);
    };
    settle(this.#root);
  }

  #inOrder(node: DiskNode, finish: () => void): () => void {
    this.#flushes += 1;
    const flush = this.#flushes;
    return this.#inThisLife(() => {
      if ((this.#newest.get(node) ?? 0) > flush) return;
      this.#newest.set(node, flush);
      finish();
    });
  }

  #inThisLife(done: () => void): () => void {
    const { generation } = this;
    return () => {
      if (generation === this.generation) done();
    };
  }

  #change(folder: FolderNode, change: NameChange): void {
    change(folder.names);
    folder.changes.push(change);
    folder.modifiedAt = this.#now();
  }

  #find(path: string): DiskNode | null {
    let node: DiskNode = this.#root;
    for (const part of path.split('/').filter((word) => word !== '')) {
      if (node.type !== 'folder') return null;
      const next = node.names.get(part);
      if (next === undefined) return null;
      node = next;
    }
    return node;
  }

  #mustFind(path: string): DiskNode {
    const node = this.#find(path);
    if (node === null) throw diskError('ENOENT', path);
    return node;
  }

  #folder(path: string): FolderNode {
    const node = this.#mustFind(path);
    if (node.type !== 'folder') throw diskError('ENOTDIR', path);
    return node;
  }

  #parent(path: string): { readonly folder: FolderNode; readonly name: string } {
    return { folder: this.#folder(parentOf(path)), name: path.slice(path.lastIndexOf('/') + 1) };
  }
}

/** A folder as a process has it that works in it. */
export interface HeldFolder {
  has(name: string): boolean;
  read(name: string): FileNode | null;
  create(name: string, bytes: Uint8Array): FileNode;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
