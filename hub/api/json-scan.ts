/** What a look over JSON text finds that a parser would let pass. */
export type JsonFlaw =
  | { readonly type: 'too-deep' }
  /** Two members of one object have this name: readers differ on which counts. */
  | { readonly type: 'duplicate'; readonly name: string };

interface Level {
  /** Null in an array. */
  readonly names: Set<string> | null;
  expectsName: boolean;
}

const quote = 0x22;
const backslash = 0x5c;

/**
 * Looks over the text once, without recursion, and answers the first flaw. Text that is not JSON may pass: that is for the parser,
 * which comes after, so that text of a million brackets never reaches code that recurses.
 */
export function findJsonFlaw(text: string, maxDepth: number): JsonFlaw | null {
  const levels: Level[] = [];
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === quote) {
      const end = findStringEnd(text, index);
      const level = levels.at(-1);
      if (level !== undefined && level.names !== null && level.expectsName) {
        level.expectsName = false;
        const name = unquote(text.slice(index, end + 1));
        if (level.names.has(name)) return { type: 'duplicate', name };
        level.names.add(name);
      }
      index = end;
      continue;
    }
    switch (text[index]) {
      case '{':
      case '[':
        if (levels.length >= maxDepth) return { type: 'too-deep' };
        levels.push({ names: text[index] === '{' ? new Set() : null, expectsName: true });
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',': {
        const level = levels.at(-1);
        if (level !== undefined) level.expectsName = true;
        break;
      }
      default:
    }
  }
  return null;
}

/** Index of the closing quote, or the text's length. */
function findStringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** Two ways of writing a name are one name. */
function unquote(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}
