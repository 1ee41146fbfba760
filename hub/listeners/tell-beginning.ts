/** What a connection speaks. `unknown`: nothing that begins like any of these. */
export type Beginning = 'http1' | 'http2' | 'tls' | 'unknown';

/** What every connection of HTTP/2 begins with (RFC 9113 §3.4), and none of HTTP/1: there is no method `PRI`. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** A record of a handshake (RFC 8446 §5.1), which no text begins with. */
const handshakeRecord = 0x16;
const [firstLetter, lastLetter] = [0x41, 0x5a];

/** By the first bytes of a connection, of which there is at least one. Null as long as it may be one or the other. */
export function tellBeginning(begin: Buffer): Beginning | null {
  const first = begin[0] ?? 0;
  if (first === handshakeRecord) return 'tls';
  if (first < firstLetter || first > lastLetter) return 'unknown';
  const bytes = Math.min(begin.length, preface.length);
  if (begin.compare(preface, 0, bytes, 0, bytes) !== 0) return 'http1';
  return bytes === preface.length ? 'http2' : null;
}
