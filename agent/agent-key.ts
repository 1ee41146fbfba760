import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type FileSystem } from '../runtime/file-system.ts';
import { writeDurably } from '../runtime/write-file.ts';
import { AgentError } from './agent-error.ts';

/** The agent's Ed25519 key. The private half never leaves this object but for its file. */
export interface AgentKey {
  /** SPKI, base64. */
  readonly publicKey: string;
  sign(text: string): Buffer;
}

function toAgentKey(key: KeyObject): AgentKey {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return { publicKey, sign: (text) => sign(null, Buffer.from(text), key) };
}

/** Reads the key, or makes it: once, durable before it is used, mode 0600. */
export async function loadAgentKey(fs: FileSystem, path: string): Promise<AgentKey> {
  if ((await fs.lstat(path)) === null) {
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeDurably(fs, path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return toAgentKey(privateKey);
  }
  const pem = await fs.readFile(path);
  try {
    return toAgentKey(createPrivateKey(Buffer.from(pem)));
  } catch (cause) {
    throw new AgentError(
      'data-folder',
      `expected an Ed25519 private key (PEM) in ${path}: restore it, or remove it to enrol anew`,
      { cause },
    );
  }
}
