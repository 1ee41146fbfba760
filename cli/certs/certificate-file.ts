import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readCertificates } from '../../runtime/read-certificates.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** The certificates of a file, at least one. Rejects with `Failure`. */
export async function readCertificateFile(path: string): Promise<readonly [X509Certificate, ...X509Certificate[]]> {
  try {
    const [first, ...rest] = readCertificates(await readFile(path, 'utf8'));
    if (first === undefined) throw new Error('no certificate is in it');
    return [first, ...rest];
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCodes.usage, `expected a file with certificates in PEM, got ${path} (${said})`);
  }
}
