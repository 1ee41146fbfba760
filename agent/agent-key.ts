import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type FileSystem, readSmallFile } from '../runtime/file-system.ts';
import { toKeyFingerprint } from '../runtime/key-fingerprint.ts';
import { writeDurably } from '../runtime/write-file.ts';
import { AgentError } from './agent-error.ts';

/** An Ed25519 key. The private half never leaves this object but for its file. */
export interface AgentKey {
  /** SPKI, base64. */
  readonly publicKey: string;
  readonly fingerprint: string;
  sign(text: string): Buffer;
}

function toAgentKey(key: KeyObject): AgentKey {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    publicKey,
    fingerprint: toKeyFingerprint(publicKey),
    sign: (text) => sign(null, Buffer.from(text), key),
  };
}

/** Durable before it is used, mode 0600. */
export async function makeAgentKey(fs: FileSystem, path: string): Promise<AgentKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeDurably(fs, path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return toAgentKey(privateKey);
}

/** Null when there is none, or what is there is no key. */
export async function readAgentKey(fs: FileSystem, path: string): Promise<AgentKey | null> {
  const pem = await readSmallFile(fs, path);
  if (pem === null) return null;
  try {
    return toAgentKey(createPrivateKey(Buffer.from(pem)));
  } catch {
    return null;
  }
}

/** Reads the key, or makes it once. Rejects with `AgentError` where something else is in its place. */
export async function loadAgentKey(fs: FileSystem, path: string): Promise<AgentKey> {
  if ((await fs.lstat(path)) === null) return makeAgentKey(fs, path);
  const key = await readAgentKey(fs, path);
  if (key !== null) return key;
  throw new AgentError(
    'data-folder',
    `expected an Ed25519 private key (PEM) in ${path}: restore it, or remove it to enrol anew`,
  );
}
