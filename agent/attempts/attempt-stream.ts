import type { Secrets } from '../../protocol/job-document.ts';
import type { JobFrame } from '../../protocol/session-frame.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createMasker } from '../masking/masker.ts';
import { createTextMask } from '../masking/text-mask.ts';
import type { AttemptFolder } from './attempt-folder.ts';
import type { DocumentRecord } from './attempt-records.ts';
import { Scratch } from './masked-reader.ts';
import { MaskedStream } from './masked-stream.ts';
import { Moments } from './moments.ts';
import { createRawFile, type RawFile } from './raw-file.ts';

/**
 * What is known of the secrets when the stream is sealed. `gone`: they do not exist any more, and the hub has `offset` bytes of the
 * stream; what comes behind can be masked by nobody, and is not sent.
 */
export type SealingSecrets =
  | { readonly type: 'known'; readonly secrets: Secrets; readonly stream: MaskedStream }
  | { readonly type: 'gone'; readonly offset: number };

/**
 * `raw` of one attempt, the secrets that mask it, and the stream that both make: there from the moment on at which the secrets are
 * known. Secrets live here, in memory, and nowhere else.
 */
export class AttemptStream {
  readonly #folder: AttemptFolder;
  readonly #clock: Clock;
  readonly #raw: RawFile;
  readonly #moments = new Moments();
  readonly #onBytes: (offset: number, bytes: Uint8Array) => void;
  #maskText: ((text: string) => string) | null = null;
  #secrets: Secrets | null = null;
  /** Where the hub's stream ends for ever. */
  #goneAt: number | null = null;
  #stream: MaskedStream | null = null;
  #lines: MaskedStream | null = null;
  #rawEnd: number | null = null;
  #bound: number | null = null;

  /** `onBytes` is called with each piece of the stream that is read, as of `MaskedStream`. */
  constructor(folder: AttemptFolder, clock: Clock, onBytes: (offset: number, bytes: Uint8Array) => void) {
    this.#folder = folder;
    this.#clock = clock;
    this.#onBytes = onBytes;
    this.#raw = createRawFile(folder);
  }

  /** Null until the secrets are known. */
  get stream(): MaskedStream | null {
    return this.#stream;
  }

  /** The same for who reads beside the sessions: the first call makes it. */
  get lines(): MaskedStream | null {
    if (this.#lines !== null || this.#stream === null) return this.#lines;
    this.#lines = this.#stream.fork();
    if (this.#rawEnd !== null) this.#lines.freeze(this.#rawEnd);
    return this.#lines;
  }

  /** Bytes of `raw` that were seen. */
  get rawBytes(): number {
    return this.#moments.length;
  }

  get goneAt(): number | null {
    return this.#goneAt;
  }

  /** The hub has to be asked for the secrets. */
  get needsSecrets(): boolean {
    return this.#stream === null && this.#goneAt === null;
  }

  /** Null as long as nobody knows whether there are secrets to be had. */
  get sealing(): SealingSecrets | null {
    if (this.#stream !== null) return { type: 'known', secrets: this.#secrets ?? {}, stream: this.#stream };
    return this.#goneAt === null ? null : { type: 'gone', offset: this.#goneAt };
  }

  /** The secrets that came; none counts as none needed. */
  secrets(): Secrets {
    return this.#secrets ?? {};
  }

  /** Masks other texts of the job by the rules of the stream; null as long as there is no stream. */
  get maskText(): ((text: string) => string) | null {
    if (this.#stream === null) return null;
    this.#maskText ??= createTextMask(this.secrets());
    return this.#maskText;
  }

  /** Takes what the hub's answer says of the secrets. */
  learn(frame: JobFrame): void {
    if (frame.secrets !== null) this.#secrets = frame.secrets;
    if (frame.secretsGone) this.#goneAt ??= frame.offset;
  }

  /** Begins the stream, if its secrets are known or there are none. */
  open(record: DocumentRecord | null): void {
    if (this.#stream !== null || record === null) return;
    const hasSecrets = record.document.secretNames.length > 0;
    if (hasSecrets && this.#secrets === null) return;
    const secrets = this.secrets();
    this.#stream = new MaskedStream({
      readRaw: (position, buffer) => this.#raw.read(position, buffer),
      moments: this.#moments,
      masking: { create: () => createMasker(secrets), identity: !hasSecrets },
      onBytes: this.#onBytes,
      // A session copies what it sends, and what else looks at a piece does so at once.
      scratch: new Scratch(),
    });
    if (this.#rawEnd !== null) this.#stream.freeze(this.#rawEnd);
  }

  /** Bytes of `raw` behind `length` are not looked at, until the bound is lifted with null. */
  bound(length: number | null): void {
    this.#bound = length;
  }

  /** Looks how long `raw` is. Answers its length, or null when it has not grown. */
  async look(): Promise<number | null> {
    const size = Math.min(await this.#folder.rawSize(), this.#bound ?? Infinity);
    if (size <= this.#moments.length) return null;
    this.#moments.note(size, this.#clock.now());
    return size;
  }

  /** Ends the stream at `rawEnd` bytes of `raw`: what comes later is no part of it. */
  freeze(rawEnd: number): void {
    this.#moments.note(rawEnd, this.#clock.now());
    this.#rawEnd = rawEnd;
    this.#stream?.freeze(rawEnd);
    this.#lines?.freeze(rawEnd);
  }

  close(): Promise<void> {
    return this.#raw.close();
  }
}
