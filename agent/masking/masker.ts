import type { Secrets } from '../../protocol/job-document.ts';
import { CoveredRanges } from './covered-ranges.ts';
import { HeldBytes } from './held-bytes.ts';
import { NeedleAutomaton } from './needle-automaton.ts';
import { toNeedles } from './needles.ts';
import { SkipTable } from './skip-table.ts';

/**
 * Turns raw output into the stream: every maximal run of bytes that belong to a secret becomes `***`. What comes out of
 * all calls together depends on the bytes alone, never on how they were cut or when they came.
 */
export interface Masker {
  /**
   * Takes the next raw bytes and answers what of the stream is decided by now. Only bytes that may still turn out to be the
   * beginning of a secret are held back. The answer may be a view of `bytes`: use it before the buffer is filled again.
   */
  push(bytes: Uint8Array): Uint8Array;
  /** No more bytes come: answers what was held back. Later calls of `push` throw. */
  end(): Uint8Array;
  /** Bytes taken so far. */
  readonly rawBytes: number;
  /** Bytes answered so far: the offset in the stream of the next one. */
  readonly streamBytes: number;
}

const stars = Buffer.from('***');
const nothing = new Uint8Array(0);

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? nothing);
}

class PassingMasker implements Masker {
  rawBytes = 0;
  #ended = false;

  get streamBytes(): number {
    return this.rawBytes;
  }

  push(bytes: Uint8Array): Uint8Array {
    if (this.#ended) throw new Error('expected no bytes after the end of the stream');
    this.rawBytes += bytes.length;
    return bytes;
  }

  end(): Uint8Array {
    this.#ended = true;
    return nothing;
  }
}

class NeedleMasker implements Masker {
  rawBytes = 0;
  streamBytes = 0;
  readonly #automaton: NeedleAutomaton;
  readonly #skips: SkipTable;
  readonly #covered = new CoveredRanges();
  /** The last of the raw bytes, those that are not in the stream yet. */
  readonly #held = new HeldBytes();
  #state = 0;
  #lastWasCovered = false;
  #ended = false;

  constructor(automaton: NeedleAutomaton, skips: SkipTable) {
    this.#automaton = automaton;
    this.#skips = skips;
  }

  push(bytes: Uint8Array): Uint8Array {
    if (this.#ended) throw new Error('expected no bytes after the end of the stream');
    this.#scan(bytes);
    this.rawBytes += bytes.length;
    return this.#settle(this.rawBytes - this.#automaton.depth(this.#state), bytes);
  }

  end(): Uint8Array {
    this.#ended = true;
    return this.#settle(this.rawBytes, nothing);
  }

  #scan(bytes: Uint8Array): void {
    const { window, shifts } = this.#skips;
    const lastWindow = bytes.length - window;
    let state = this.#state;
    let at = 0;
    while (at < bytes.length) {
      if (state === 0) {
        while (at <= lastWindow) {
          const shift = shifts[((bytes[at + window - 2] ?? 0) << 8) | (bytes[at + window - 1] ?? 0)] ?? 0;
          if (shift === 0) break;
          at += shift;
        }
      }
      state = this.#automaton.step(state, bytes[at] ?? 0);
      at++;
      const length = this.#automaton.matchLength(state);
      if (length > 0) this.#covered.add(this.rawBytes + at - length, this.rawBytes + at);
    }
    this.#state = state;
  }

  /** Puts the raw bytes up to `decided` into the stream. What is covered beyond it goes too: it can only stay covered. */
  #settle(decided: number, input: Uint8Array): Uint8Array {
    const first = this.rawBytes - input.length - this.#held.length;
    const pieces: Uint8Array[] = [];
    let at = first;
    const copyUpTo = (end: number) => {
      if (end <= at) return;
      this.#collect(pieces, at - first, end - first, input);
      this.#lastWasCovered = false;
      at = end;
    };
    for (const range of this.#covered.take(decided)) {
      copyUpTo(range.start);
      if (!this.#lastWasCovered) pieces.push(stars);
      this.#lastWasCovered = true;
      at = range.end;
    }
    copyUpTo(decided);
    const stream = join(pieces);
    this.#keep(at - first, input);
    this.streamBytes += stream.length;
    return stream;
  }

  /** Adds what stands from `from` to `to` in the held bytes followed by the input. */
  #collect(pieces: Uint8Array[], from: number, to: number, input: Uint8Array): void {
    const held = this.#held.length;
    if (from < held) pieces.push(this.#held.copy(from, Math.min(to, held)));
    if (to > held) pieces.push(input.subarray(Math.max(from - held, 0), to - held));
  }

  /** Drops the first `settled` of the held bytes followed by the input and holds the rest. */
  #keep(settled: number, input: Uint8Array): void {
    const fromHeld = Math.min(settled, this.#held.length);
    this.#held.drop(fromHeld);
    this.#held.append(input.subarray(settled - fromHeld));
  }
}

/**
 * Prepares the needles once, for as many maskers as are needed: a stream that is sent again, or many texts. They cost about
 * a hundred bytes of memory for each byte of a secret with all its encodings.
 */
export function createMaskerFactory(secrets: Secrets): () => Masker {
  const needles = toNeedles(secrets);
  if (needles.length === 0) return () => new PassingMasker();
  const automaton = new NeedleAutomaton(needles);
  const skips = new SkipTable(needles);
  return () => new NeedleMasker(automaton, skips);
}

/** A masker for one pass over a stream from its beginning. Without secrets it is the identity and copies nothing. */
export function createMasker(secrets: Secrets): Masker {
  return createMaskerFactory(secrets)();
}
