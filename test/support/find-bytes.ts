/**
 * Where `piece` is in `bytes`, from `from` on; -1 where it is not. As `Buffer.indexOf`, which for megabytes of text that repeats itself takes hours: each byte is
 * looked at no more than twice (Knuth, Morris, Pratt).
 */
export function findBytes(bytes: Buffer, piece: Buffer, from: number): number {
  const borders = toBorders(piece);
  let matched = 0;
  for (let at = from; at < bytes.length && matched < piece.length; at += 1) {
    while (matched > 0 && bytes[at] !== piece[matched]) matched = borders[matched - 1] ?? 0;
    if (bytes[at] === piece[matched]) matched += 1;
    if (matched === piece.length) return at - piece.length + 1;
  }
  return piece.length === 0 && from <= bytes.length ? from : -1;
}

/** For each beginning of the piece, how long its longest beginning is that is its end too. */
function toBorders(piece: Buffer): Int32Array {
  const borders = new Int32Array(piece.length);
  let length = 0;
  for (let at = 1; at < piece.length; at += 1) {
    while (length > 0 && piece[at] !== piece[length]) length = borders[length - 1] ?? 0;
    if (piece[at] === piece[length]) length += 1;
    borders[at] = length;
  }
  return borders;
}
