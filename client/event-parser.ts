/** One server-sent event as it stands on the wire. */
export interface ParsedEvent {
  /** Null when the event has no place to go on from. */
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** What a piece of the stream said: events, and if it said so, where to go on from after them and how long to wait before that. */
export interface ParsedPiece {
  readonly events: readonly ParsedEvent[];
  /** A stream may tell a place without an event. */
  readonly place: string | null;
  readonly retryMs: number | null;
}

/** Reads `text/event-stream` piece by piece, wherever it is cut. Source: HTML Standard, "Server-sent events", 9.2.6. */
export class EventParser {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #id: string | null = null;
  #place: string | null = null;
  #event = '';
  #data: string[] = [];

  push(bytes: Uint8Array<ArrayBuffer>): ParsedPiece {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    // A carriage return at the end may be half of a line end.
    const isCut = text.endsWith('\r');
    const lines = (isCut ? text.slice(0, -1) : text).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '') + (isCut ? '\r' : '');
    const events: ParsedEvent[] = [];
    let retryMs: number | null = null;
    for (const line of lines) {
      if (line === '') events.push(...this.#dispatch());
      else retryMs = this.#take(line) ?? retryMs;
    }
    const place = this.#place;
    this.#place = null;
    return { events, place, retryMs };
  }

  #take(line: string): number | null {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'retry' && /^\d+$/.test(value)) return Number(value);
    return null;
  }

  #dispatch(): ParsedEvent[] {
    const dispatched =
      this.#data.length === 0
        ? []
        : [{ id: this.#id, event: this.#event === '' ? 'message' : this.#event, data: this.#data.join('\n') }];
    this.#place = this.#id ?? this.#place;
    this.#id = null;
    this.#event = '';
    this.#data = [];
    return dispatched;
  }
}
