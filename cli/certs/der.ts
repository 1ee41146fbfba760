/**
 * Writes DER (X.690): each function answers one whole element. Only what certificates are made of; nothing here reads.
 * The tags are those of X.680; context tags (`[0]`, `[3]` …) are said by number.
 */
export const der = {
  sequence: (...parts: readonly Buffer[]) => toElement(0x30, ...parts),
  set: (...parts: readonly Buffer[]) => toElement(0x31, ...parts),
  boolean: (value: boolean) => toElement(0x01, Buffer.from([value ? 0xff : 0])),
  octets: (bytes: Buffer) => toElement(0x04, bytes),
  utf8: (text: string) => toElement(0x0c, Buffer.from(text, 'utf8')),
  null: () => toElement(0x05),
  /** A whole number that is not negative, its highest byte first. */
  integer: (bytes: Buffer) => toElement(0x02, toMinimal(bytes)),
  /** A string of bits whose number is a multiple of eight. */
  bits: (bytes: Buffer) => toElement(0x03, Buffer.from([0]), bytes),
  /** A string of named bits, without the zeros at its end. */
  flags: (...set: readonly number[]) => toElement(0x03, toFlags(set)),
  oid: (dotted: string) => toElement(0x06, toOid(dotted)),
  time: (date: Date) => toTime(date),
  /** Around whole elements. */
  explicit: (tag: number, ...parts: readonly Buffer[]) => toElement(0xa0 | tag, ...parts),
  /** In the place of an element's own tag, around plain contents. */
  implicit: (tag: number, contents: Buffer) => toElement(0x80 | tag, contents),
};

function toElement(tag: number, ...parts: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), toLength(contents.length), contents]);
}

function toLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function toMinimal(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const rest = first === -1 ? Buffer.from([0]) : bytes.subarray(first);
  return (rest[0] ?? 0) < 0x80 ? rest : Buffer.concat([Buffer.from([0]), rest]);
}

function toFlags(set: readonly number[]): Buffer {
  const highest = Math.max(...set);
  const bytes = Buffer.alloc(Math.floor(highest / 8) + 1);
  for (const bit of set) {
    const at = Math.floor(bit / 8);
    bytes[at] = (bytes[at] ?? 0) | (0x80 >> (bit % 8));
  }
  return Buffer.concat([Buffer.from([7 - (highest % 8)]), bytes]);
}

function toOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) | 0x80);
    return digits;
  });
  return Buffer.from(bytes);
}

/** Certificates write years until 2049 with two digits (RFC 5280 §4.1.2.5). */
function toTime(date: Date): Buffer {
  const digits = `${date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`;
  const isLong = date.getUTCFullYear() >= 2050;
  return toElement(isLong ? 0x18 : 0x17, Buffer.from(isLong ? digits : digits.slice(2), 'latin1'));
}
