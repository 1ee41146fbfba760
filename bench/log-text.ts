import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/** A piece of log of one mebibyte, lines as programs print them, with `secret` in one of a hundred. */
const pieceBytes = 1024 * 1024;
export const secret = 'S3cr3t-of-the-benchmark-7f3a91';
/** What a masked log has in its place. */
const mask = '***';

export interface LogText {
  /** A file that holds the piece. */
  readonly path: string;
  readonly bytes: number;
  /** What the hub must hold after a command printed the piece so often. */
  expect(times: number, options: { readonly masked: boolean }): { readonly bytes: number; readonly sha256: string };
}

export async function writeLogText(path: string): Promise<LogText> {
  const lines: string[] = [];
  let length = 0;
  for (let index = 0; length < pieceBytes; index += 1) {
    const word = index % 100 === 0 ? `password=${secret}` : `value=${(index * 2_654_435_761) % 4_294_967_296}`;
    const line = `2026-01-01T00:00:${String(index % 60).padStart(2, '0')}Z host-${index % 7} task[${index}]: ${word} changed=${index % 3 === 0}\n`;
    lines.push(line);
    length += line.length;
  }
  const text = lines.join('').slice(0, pieceBytes - 1) + '\n';
  await writeFile(path, text);
  return {
    path,
    bytes: pieceBytes,
    expect(times, { masked }) {
      const piece = Buffer.from(masked ? text.replaceAll(secret, mask) : text);
      const digest = createHash('sha256');
      for (let count = 0; count < times; count += 1) digest.update(piece);
      return { bytes: piece.length * times, sha256: digest.digest('hex') };
    },
  };
}
