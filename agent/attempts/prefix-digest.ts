import { createHash } from 'node:crypto';

/** SHA-256 of a stream from its first byte on, fed with pieces that may come again, overlap, or lie ahead. */
export class PrefixDigest {
  readonly #hash = createHash('sha256');
  #length = 0;

  /** Bytes of the stream that are in the digest. */
  get length(): number {
    return this.#length;
  }

  /** Takes what of the piece comes next; a piece that lies ahead of that is ignored. */
  feed(offset: number, bytes: Uint8Array): void {
    const known = this.#length - offset;
    if (known < 0 || known >= bytes.length) return;
    this.#hash.update(known === 0 ? bytes : bytes.subarray(known));
    this.#length = offset + bytes.length;
  }

  /** Hex. */
  value(): string {
    return this.#hash.copy().digest('hex');
  }
}
