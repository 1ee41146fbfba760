import type { Secrets } from '../../protocol/job-document.ts';
import { toBase64Forms } from './base64-forms.ts';
import { toJsonForms } from './json-forms.ts';
import { toPercentForms } from './percent-forms.ts';

/** A shorter value is not masked, in no form: it would blacken half of the log. In bytes, like the next. */
const minValueBytes = 3;

/** Shorter lines and encodings are not used. */
const minFormBytes = 4;

/** The lines of a longer value are looked for as they are, not in encodings: that would multiply the memory. */
const maxEncodedLinesBytes = 8 * 1024;

function toForms(text: string): string[] {
  return [...toJsonForms(text), ...toPercentForms(text), ...toBase64Forms(text)];
}

function toLines(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => Buffer.byteLength(line) >= minFormBytes);
}

function addForms(needles: Set<string>, text: string): void {
  for (const form of toForms(text)) if (Buffer.byteLength(form) >= minFormBytes) needles.add(form);
}

function addValue(needles: Set<string>, value: string): void {
  if (Buffer.byteLength(value) < minValueBytes) return;
  needles.add(value);
  addForms(needles, value);
}

/**
 * Every byte sequence that gives a secret away: the value, the value without the blanks around it, each line of it, and
 * these in base64, URL and JSON encoding. No needle stands twice.
 */
export function toNeedles(secrets: Secrets): Buffer[] {
  const needles = new Set<string>();
  for (const secret of Object.values(secrets)) {
    // Half a surrogate pair reaches the program as U+FFFD, and so it is looked for.
    const value = secret.toWellFormed();
    addValue(needles, value);
    addValue(needles, value.trim());
    const encoded = Buffer.byteLength(value) <= maxEncodedLinesBytes;
    for (const line of toLines(value)) {
      needles.add(line);
      if (encoded) addForms(needles, line);
    }
  }
  return Array.from(needles, (needle) => Buffer.from(needle));
}
