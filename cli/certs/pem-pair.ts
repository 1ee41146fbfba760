import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isPemPair, toRenewedCertificate } from '../../runtime/renewed-certificate.ts';
import { writeBeside, writeNewFile } from './pem-file.ts';

/** A certificate and its private key, in PEM. */
export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

export interface PemPaths {
  readonly certificate: string;
  readonly key: string;
}

const keyMode = 0o600;
const certificateMode = 0o644;

/** Writes a pair where nothing is yet. Rejects with `Failure` where something is: a key that is overwritten is gone. */
export async function writeNewPair(paths: PemPaths, { certificate, key }: PemPair): Promise<void> {
  await mkdir(dirname(paths.key), { recursive: true, mode: 0o700 });
  await writeNewFile(paths.key, key, keyMode);
  try {
    await writeNewFile(paths.certificate, certificate, certificateMode);
  } catch (error) {
    await rm(paths.key, { force: true });
    throw error;
  }
}

/**
 * Puts a pair in the place of one that is there, with the same owner. Whoever reads them finds a whole pair at any moment, also when this is killed
 * on the way: see `toRenewedCertificate`.
 */
export async function replacePair(paths: PemPaths, { certificate, key }: PemPair): Promise<void> {
  const renewed = { certificate: toRenewedCertificate(paths.certificate), key: `${paths.key}.new` };
  const files = [
    { path: paths.certificate, beside: renewed.certificate, text: certificate, mode: certificateMode },
    { path: paths.key, beside: renewed.key, text: key, mode: keyMode },
  ];
  await finishRenewal(paths, renewed);
  for (const file of files) await writeBeside(file);
  await rename(renewed.key, paths.key);
  await rename(renewed.certificate, paths.certificate);
}

/** An earlier renewal was killed between its renames: what it left is the certificate of the key that is in place, and must not be taken away. */
async function finishRenewal({ certificate, key }: PemPaths, renewed: PemPaths): Promise<void> {
  const [current, waiting, secret] = await Promise.all(
    [certificate, renewed.certificate, key].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  if (current === undefined || waiting === undefined || secret === undefined) return;
  if (!isPemPair(current, secret) && isPemPair(waiting, secret)) await rename(renewed.certificate, certificate);
}
