import { BackupError } from './backup-error.ts';

/** One file of an archive. */
export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
}

/** Everything in an archive comes in blocks. */
export const blockBytes = 512;

const nameBytes = 100;
const sizeAt = 124;
const sizeBytes = 12;
const sumAt = 148;
const sumBytes = 8;
const typeAt = 156;
const magicAt = 257;
const regularFile = '0';
/** What eleven octal digits hold; above it the size is written in base 256, as GNU tar and bsdtar do. */
const maxOctal = 8 ** 11 - 1;

/** How many bytes follow a file so that the next header begins on a block. */
export function paddingOf(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}

/** A header as plain `tar` reads it (ustar): a file that only its owner may read. */
export function encodeTarHeader({ name, bytes }: TarEntry, at: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  if (Buffer.byteLength(name) > nameBytes) throw new RangeError(`expected a name of at most 100 bytes, got ${name}`);
  header.write(name, 0);
  writeOctal(header, 0o600, 100, 8);
  writeOctal(header, 0, 108, 8);
  writeOctal(header, 0, 116, 8);
  if (bytes <= maxOctal) writeOctal(header, bytes, sizeAt, sizeBytes);
  else {
    header[sizeAt] = 0x80;
    header.writeBigUInt64BE(BigInt(bytes), sizeAt + 4);
  }
  writeOctal(header, Math.floor(at / 1000), 136, 12);
  header.write(regularFile, typeAt);
  header.write('ustar\u000000', magicAt);
  writeOctal(header, sumOf(header), sumAt, sumBytes - 1);
  header[sumAt + sumBytes - 1] = 0x20;
  return header;
}

/** Null for the empty block that ends an archive. Throws `BackupError` (`not-a-backup`). */
export function decodeTarHeader(header: Buffer): TarEntry | null {
  if (header.every((byte) => byte === 0)) return null;
  const sum = Number.parseInt(header.toString('latin1', sumAt, sumAt + sumBytes), 8);
  if (sum !== sumOf(header) || header.toString('latin1', typeAt, typeAt + 1) !== regularFile) {
    throw new BackupError('not-a-backup', 'expected the header of a file in an archive, got something else');
  }
  const end = header.indexOf(0);
  const name = header.toString('utf8', 0, end === -1 || end > nameBytes ? nameBytes : end);
  const bytes =
    header[sizeAt] === 0x80
      ? Number(header.readBigUInt64BE(sizeAt + 4))
      : Number.parseInt(header.toString('latin1', sizeAt, sizeAt + sizeBytes), 8);
  return { name, bytes };
}

function writeOctal(header: Buffer, value: number, at: number, width: number): void {
  header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
}

/** Of all bytes, those of the sum itself counted as spaces. */
function sumOf(header: Buffer): number {
  let sum = 0;
  for (const [index, byte] of header.entries()) {
    sum += index >= sumAt && index < sumAt + sumBytes ? 0x20 : byte;
  }
  return sum;
}
