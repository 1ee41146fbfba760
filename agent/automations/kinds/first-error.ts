/** Beginnings of lines that tell where, and quote the source: for a person at the log. */
const placeLine = /^(?: |╷|╵|on |with )/;

/**
 * The first "Error: …" of a log, as terraform, tofu and packer write it, without its beginning: its headline, and the first paragraph of
 * what is said of it. Null where there is none.
 */
export function findFirstError(log: string): string | null {
  const lines = log.split(/\r?\n/).map((line) => line.replace(/^│ ?/, ''));
  const at = lines.findIndex((line) => /^ *Error: \S/.test(line));
  if (at < 0) return null;
  const headline = (lines[at] ?? '').replace(/^ *Error: /, '').trim();
  const after = lines.slice(at + 1, at + 60);
  const end = after.findIndex((line) => /^(?:╵|farhand: | *(?:Error|Warning): )/.test(line));
  const rest = end < 0 ? after : after.slice(0, end);
  const start = rest.findIndex((line) => line.trim() !== '' && !placeLine.test(line));
  if (start < 0) return headline;
  const paragraph = rest.slice(start);
  const blank = paragraph.findIndex((line) => line.trim() === '');
  const detail = (blank < 0 ? paragraph : paragraph.slice(0, blank)).map((line) => line.trim()).join(' ');
  return `${headline.replace(/[.:]$/, '')}: ${detail}`;
}
