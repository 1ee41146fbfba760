const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What Unicode calls wide or full-width (UAX #11), in ranges from and to. Emoji are told by their properties. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1_6fe0, 0x1_b2ff],
  [0x2_0000, 0x3_fffd],
];
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\u{FE0F}|\p{Regional_Indicator}{2}/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;
const plain = /^[\x20-\x7e]*$/;

/** How many columns of a terminal the text takes. */
export function toDisplayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += toGraphemeWidth(segment);
  return width;
}

/** The text in at most `width` columns; what was cut shows as "…". */
export function truncateToWidth(text: string, width: number): string {
  if (toDisplayWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += toGraphemeWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return width < 1 ? '' : `${kept}…`;
}

// oxlint-disable-next-line no-control-regex -- the escape is what is looked for
const colour = /(\u001B\[[\d;]*m)/;

/** The same for a line with colours in it, which stay whole: what they begin, they end. */
export function truncatePainted(line: string, width: number): string {
  const parts = line.split(colour);
  const texts = parts.map((part) => (colour.test(part) ? '' : part));
  if (toDisplayWidth(texts.join('')) <= width) return line;
  let room = width;
  return parts
    .map((part, index) => {
      const text = texts[index] ?? '';
      if (text === '' || room <= 0) return text === '' ? part : '';
      // What is cut, or has no room for "…" behind it, ends here.
      const kept = toDisplayWidth(text) < room ? text : truncateToWidth(`${text} `, room);
      room = kept === text ? room - toDisplayWidth(text) : 0;
      return kept;
    })
    .join('');
}

/** The text and blanks up to `width` columns. */
export function padToWidth(text: string, width: number): string {
  return text + ' '.repeat(Math.max(width - toDisplayWidth(text), 0));
}

function toGraphemeWidth(grapheme: string): number {
  if (invisible.test(grapheme)) return 0;
  if (emoji.test(grapheme)) return 2;
  const code = grapheme.codePointAt(0) ?? 0;
  return wideRanges.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
