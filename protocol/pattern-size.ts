const repeat = /\{(?<least>\d+)(?<open>,(?<most>\d*))?\}/y;
const characterClass = /\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]/y;
const namedClass = /\\[pP]\{[^}]*\}/y;

/**
 * About how many instructions a regular expression (RE2) takes once its repeats are written out, told by its text alone: what compiling it
 * costs, and at most what each character of a text costs that is matched with it. Of text that is no regular expression it says anything.
 */
export function toPatternSize(pattern: string): number {
  /** Sizes of what stands before each group that is open. */
  const before: number[] = [];
  let size = 0;
  /** Of what a repeat that comes next is about. */
  let last = 0;
  for (let at = 0; at < pattern.length; at++) {
    switch (pattern[at]) {
      case '(':
        before.push(size);
        size = 0;
        last = 0;
        break;
      case ')':
        last = size + 2;
        size = last + (before.pop() ?? 0);
        break;
      case '{': {
        const found = matchAt(repeat, pattern, at);
        const times = toTimes(found?.groups ?? {});
        size += found === null ? 1 : last * (times - 1);
        last = found === null ? 1 : last * times;
        at += (found?.[0].length ?? 1) - 1;
        break;
      }
      case '\\':
        at += (matchAt(namedClass, pattern, at)?.[0].length ?? 2) - 1;
        size += 1;
        last = 1;
        break;
      case '[':
        at += (matchAt(characterClass, pattern, at)?.[0].length ?? 1) - 1;
        size += 1;
        last = 1;
        break;
      default:
        size += 1;
        last = 1;
    }
  }
  return before.reduce((sum, one) => sum + one, size);
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function toTimes({ least = '1', most = '', open }: Readonly<Record<string, string | undefined>>): number {
  const times = Math.max(Number(least), Number(most));
  return Math.max(1, open !== undefined && most === '' ? times + 1 : times);
}
