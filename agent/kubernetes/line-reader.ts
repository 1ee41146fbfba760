/** The lines of bytes that come in any pieces, without their line feeds. A last line without one is none: it was cut. Throws for a line that is longer than allowed. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      held = 0;
      from = at + 1;
    }
    if (from === chunk.length) continue;
    held += chunk.length - from;
    if (held > maxBytes) throw new Error(`expected lines of at most ${maxBytes} bytes, got a longer one`);
    parts.push(chunk.subarray(from));
  }
}
