import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { FilePath } from './automation-kind.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text with the place of everything in it. */
export interface YamlSource {
  readonly value: unknown;
  /** Where a value begins, or its key; where the nearest thing around it begins when it is not there. */
  locate(path: FilePath, part: 'key' | 'value'): Position;
}

export interface YamlMistake extends Position {
  readonly message: string;
}

/** Aliases in aliases can grow a small file without end. */
const maxAliases = 100;

function isPairOf(pair: Pair, key: string | number): boolean {
  return isScalar(pair.key) && String(pair.key.value) === String(key);
}

/** The parser does not name what most often is behind these. */
function toWords({ code, message }: YAMLError, line: string): string {
  if (code === 'MULTIPLE_DOCS') return 'expected one automation, got a second document: give it a file of its own';
  if (/^ *\t/.test(line)) return 'not YAML: indented by a tab: use spaces, YAML allows no tabs there';
  const hint = code === 'BLOCK_AS_IMPLICIT_KEY' ? '; quote a text that has ": " in it, or write it below a |' : '';
  return `not YAML: ${message}${hint}`;
}

/** Reads one YAML 1.2 document, core schema. Duplicate keys, unknown tags and a second document are mistakes. */
export function parseYaml(text: string): YamlSource | { readonly mistakes: readonly YamlMistake[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, strict: true, version: '1.2' });

  const toPosition = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };

  const lines = text.split('\n');
  const found = [...document.errors, ...document.warnings].map((error) => {
    const place = toPosition(error.pos[0]);
    return { ...place, message: toWords(error, lines[place.line - 1] ?? '') };
  });
  // One mistake makes the parser stumble more than once over the same line.
  const mistakes = [...Map.groupBy(found, ({ line }) => line).values()].flatMap((ofLine) => ofLine.slice(0, 1));
  if (mistakes.length > 0) return { mistakes };

  const findNode = (path: FilePath, part: 'key' | 'value'): Node | null => {
    let node: Node | null = document.contents;
    for (const [depth, key] of path.entries()) {
      const around: Node | undefined | null = isAlias(node) ? node.resolve(document) : node;
      let next: unknown;
      if (isMap(around)) {
        const pair = around.items.find((item) => isPairOf(item, key));
        const wantsKey = part === 'key' && depth === path.length - 1;
        next = wantsKey || !isNode(pair?.value) ? pair?.key : pair.value;
      } else if (isSeq(around)) next = around.items[Number(key)];
      if (!isNode(next)) return node;
      node = next;
    }
    return node;
  };

  try {
    return {
      value: document.toJS({ maxAliasCount: maxAliases }),
      locate: (path, part) => toPosition(findNode(path, part)?.range?.[0] ?? 0),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    return { mistakes: [{ line: 1, column: 1, message: `not YAML: ${reason}` }] };
  }
}
