/** Line lengths at which common tools wrap base64: PEM and `openssl`, MIME and `base64`. */
const wrapColumns = [64, 76];

/** By alignment: leading characters that also hold bits of what stands before the value. */
const foreignCharacters = [0, 2, 3] as const;

/** The ways one piece of base64 may end: before the bits of whatever follows, with zero bits, and padded. */
function toEndings(padded: string, from: number, ownCharacters: number): string[] {
  return [padded.slice(from, ownCharacters), padded.slice(from).replace(/=+$/, ''), padded.slice(from)];
}

function toAligned(value: Buffer, alignment: 0 | 1 | 2): string[] {
  const padded = Buffer.concat([Buffer.alloc(alignment), value]).toString('base64');
  const ownCharacters = Math.floor(((alignment + value.length) * 8) / 6);
  return toEndings(padded, foreignCharacters[alignment], ownCharacters);
}

function toWrapped(value: Buffer, column: number): string[] {
  const padded = value.toString('base64');
  const ownCharacters = Math.floor((value.length * 8) / 6);
  const lines: string[] = [];
  for (let from = 0; padded.length > column && from < padded.length; from += column) {
    const line = padded.slice(from, from + column);
    lines.push(...toEndings(line, 0, ownCharacters - from));
  }
  return lines;
}

/**
 * How a value looks inside base64 text: on its own and as a part of something longer (where it may begin at any of three
 * alignments), in the standard and the URL alphabet, with and without padding; on its own also wrapped into lines. Characters
 * that hold bits of the bytes around the value as well are not among them.
 */
export function toBase64Forms(text: string): string[] {
  const value = Buffer.from(text);
  const standard = [...toAligned(value, 0), ...toAligned(value, 1), ...toAligned(value, 2)];
  const url = standard.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return [...standard, ...url, ...wrapColumns.flatMap((column) => toWrapped(value, column))];
}
