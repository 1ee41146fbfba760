import { RE2JS } from 're2js';
import { toPatternSize } from './pattern-size.ts';

/** A regular expression that came from outside. */
export interface Pattern {
  /** As `toPatternSize` tells it. */
  readonly size: number;
  /** Whether the text holds a match anywhere. Takes time linear in the text, whatever the pattern. */
  test(text: string): boolean;
}

/** Compiles RE2 syntax (no look-around, no back-references). Throws an error that says why for what it does not take. */
export function compilePattern(pattern: string): Pattern {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
  return { size: toPatternSize(pattern), test: (text) => compiled.test(text) };
}
