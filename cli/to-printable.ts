import { stripVTControlCharacters } from 'node:util';

/** Text of others on one line, without anything that a terminal would obey. */
export function toPrintable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
