/** The text on one line and of this length at most: without control characters, and with no half of a character at its end. */
export function toOneLine(text: string, maxLength: number): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .slice(0, maxLength)
    .toWellFormed();
}
