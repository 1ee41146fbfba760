/** `/farhand.v1.Agents/Session` and its sister as HPACK writes them (RFC 7541 §5.2, Huffman), and what a websocket would ask for. */
const paths: readonly (readonly [Buffer, string])[] = [
  [Buffer.from('6251d938ea917ee15e198b5250c6e2a1063d5f', 'hex'), '/v1/sessions/'],
  [Buffer.from('6251d938ea917ee15e198b5250c5e3d49b0f47', 'hex'), '/v1/control'],
];

const frameHeadBytes = 9;
const headersType = 1;
const endOfStream = 1;

/** What a line that speaks gRPC asks for, in the words of a websocket; null as long as it has not said so. */
export function readGrpcTarget(chunk: Buffer): string | null {
  return paths.find(([encoded]) => chunk.includes(encoded))?.[1] ?? null;
}

/** Where the answer ends that accepts a call, in frames of HTTP/2; -1 when it is not among them. */
export function findGrpcAcceptance(frames: Buffer): number {
  for (let at = 0; at + frameHeadBytes <= frames.length; ) {
    const end = at + frameHeadBytes + frames.readUIntBE(at, 3);
    const isAnswer = frames[at + 3] === headersType && ((frames[at + 4] ?? 0) & endOfStream) === 0;
    if (isAnswer) return end <= frames.length ? end : -1;
    at = end;
  }
  return -1;
}
