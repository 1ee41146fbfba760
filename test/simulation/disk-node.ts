import type { SeededRandom } from './seeded-random.ts';

/** Bytes are never changed in place: what was flushed stays as it was. */
export interface FileNode {
  readonly type: 'file';
  bytes: Buffer;
  /** What a power loss leaves at least. */
  flushed: Buffer;
  modifiedAt: number;
}

export interface FolderNode {
  readonly type: 'folder';
  names: Map<string, DiskNode>;
  /** The names that a power loss leaves at least. */
  flushed: Map<string, DiskNode>;
  /** Changes since, in their order: one that is lost takes all that came after it. */
  changes: NameChange[];
  modifiedAt: number;
}

export type DiskNode = FileNode | FolderNode;
export type NameChange = (names: Map<string, DiskNode>) => void;

export function createFolder(at: number): FolderNode {
  return { type: 'folder', names: new Map(), flushed: new Map(), changes: [], modifiedAt: at };
}

export function copyFolder(folder: FolderNode): FolderNode {
  const names = new Map([...folder.names].map(([name, node]) => [name, copyNode(node)] as const));
  return { type: 'folder', names, flushed: new Map(names), changes: [], modifiedAt: folder.modifiedAt };
}

function copyNode(node: DiskNode): DiskNode {
  return node.type === 'folder' ? copyFolder(node) : { ...node, flushed: node.bytes };
}

/** What was overwritten is as before or as after; of what was appended any part is there, or its length with zeros in it. */
export function survivingBytes({ bytes, flushed }: FileNode, random: SeededRandom): Buffer {
  if (bytes === flushed) return bytes;
  if (bytes.length <= flushed.length) return random.happens(0.5) ? bytes : flushed;
  const head = random.happens(0.5) ? bytes.subarray(0, flushed.length) : flushed;
  const tail = bytes.subarray(flushed.length, flushed.length + random.below(bytes.length - flushed.length + 1));
  return Buffer.concat([head, random.happens(0.25) ? Buffer.alloc(tail.length) : tail]);
}
