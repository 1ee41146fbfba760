/** RFC 9113 §6. */
export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

export const endStream = 1;
export const endHeaders = 4;

/** RFC 9113 §4.1. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** RFC 7541 §5.1, with as many bits in the first byte. */
export function integer(first: number, bits: number, value: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([first | value]);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function literal(text: string): Buffer {
  return Buffer.concat([integer(0, 7, text.length), Buffer.from(text)]);
}

/** A field as a literal that is not indexed (RFC 7541 §6.2.2). */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), literal(name), literal(value)]);
}

/** A field as a literal that is put into the table (RFC 7541 §6.2.1): at place 62, before what was put there. */
export function indexedField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), literal(name), literal(value)]);
}

/** What a client says first. */
export const begin = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(types.settings, 0, 0)]);

/** The head of a call of `farhand.v1.Agents`, with these fields more. */
export function toCall(method: 'Control' | 'Session', fields: Readonly<Record<string, string>> = {}): Buffer {
  const all = {
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'x',
    ':path': `/farhand.v1.Agents/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...fields,
  };
  return Buffer.concat(Object.entries(all).map(([name, value]) => field(name, value)));
}

/** The number of a client's stream. */
export function toStream(index: number): number {
  return 1 + 2 * index;
}

export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
