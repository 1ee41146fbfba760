import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Standard output or standard error, as a command sees it. */
export interface Output {
  /** A person is looking: tables and words instead of plain lines. */
  readonly isTerminal: boolean;
  readonly hasColor: boolean;
  /** Of the terminal as it is now; null where there is none, or it does not say. */
  columns(): number | null;
  rows(): number | null;
  /** Resolves when the stream can take more. */
  write(chunk: string | Uint8Array): Promise<void>;
  /** Resolves when the system has all of it. Rejects when that cannot be, as for a reader that left. */
  hand(bytes: Uint8Array): Promise<void>;
  /** One line; `text` has no line end. */
  line(text: string): Promise<void>;
  /** `text` in a colour, where there are colours. */
  paint(style: Style, text: string): string;
}

/** `FORCE_COLOR` and `NO_COLOR` beat what the stream is, as they do elsewhere. */
export function createOutput(
  stream: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number },
  environment: Readonly<Record<string, string | undefined>>,
): Output {
  const isTerminal = stream.isTTY === true;
  const isForced = !['', '0', undefined].includes(environment['FORCE_COLOR']);
  const isForbidden = !['', undefined].includes(environment['NO_COLOR']) || environment['TERM'] === 'dumb';
  const hasColor = !isForbidden && (isTerminal || isForced);

  const write = (chunk: string | Uint8Array) =>
    new Promise<void>((resolve) => {
      // A reader that left (EPIPE) is dealt with once, by whoever owns the stream.
      stream.write(chunk, () => resolve());
    });
  return {
    isTerminal,
    hasColor,
    columns: () => (isTerminal ? toSize(stream.columns) : null),
    rows: () => (isTerminal ? toSize(stream.rows) : null),
    write,
    hand: (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    line: (text) => write(`${text}\n`),
    paint: (style, text) => (hasColor ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** A terminal that nobody gave a size, such as that of `docker exec -t` or `script`, has none. */
function toSize(cells: number | undefined): number | null {
  return cells === undefined || cells === 0 ? null : cells;
}
