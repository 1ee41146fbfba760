/** A queue of bytes. Its memory is at most four times what it ever held at once. */
export class HeldBytes {
  #buffer = new Uint8Array(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  drop(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** A copy of the bytes from `from` up to, but without, `to`, counted from the oldest. */
  copy(from: number, to: number): Uint8Array {
    return this.#buffer.slice(this.#start + from, this.#start + to);
  }

  #makeRoom(count: number): void {
    const needed = this.length + count;
    const target = needed * 2 > this.#buffer.length ? new Uint8Array(needed * 2) : this.#buffer;
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#end = this.length;
    this.#start = 0;
  }
}
