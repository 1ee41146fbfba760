import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Loop, LoopBoard } from '../../runtime/loop-board.ts';
import type { ApiLimits } from './api-limits.ts';
import { ApiProblem } from './api-problem.ts';

/** An answer whose bytes come as they are made. */
export interface StreamedAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** `signal` aborts when the reader is gone. Throwing breaks the answer off, so that the reader sees that it is not whole. */
  readonly body: (signal: AbortSignal) => AsyncIterable<Uint8Array | string>;
  /** The account of a reader that follows, and may go on for as long as a job does: such readers are counted. Null for an answer that ends by itself. */
  readonly follower: string | null;
}

/** Serves readers of streams: with back-pressure, so many lasting ones at a time, and none that takes nothing for too long. */
export class Readers {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: ApiLimits;
  readonly #closing = new AbortController();
  readonly #serving = new Set<Promise<void>>();
  readonly #loop: Loop;
  /** Of each account, those that follow. */
  readonly #lastingOf = new Map<string, number>();
  #lasting = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly limits: ApiLimits;
    readonly loops: LoopBoard;
  }) {
    this.#clock = options.clock;
    this.#loop = options.loops.open('readers', { words: () => this.#describe() });
    this.#logger = options.logger;
    this.#limits = options.limits;
  }

  /** Those that follow a log or events. */
  get following(): number {
    return this.#lasting;
  }

  /** Takes the answer over. Resolves when the reader has it all, is gone, or was hung up on. Throws `ApiProblem` (`too-many`). */
  async serve(reply: FastifyReply, answer: StreamedAnswer): Promise<void> {
    const { follower } = answer;
    if (follower !== null) {
      this.#checkRoom(follower);
      this.#countLasting(follower, 1);
    }
    const serving = this.#stream(reply, answer).finally(() => {
      if (follower !== null) this.#countLasting(follower, -1);
      this.#serving.delete(serving);
      this.#loop.turned();
    });
    this.#serving.add(serving);
    await serving;
  }

  /** Breaks off all answers and resolves when none is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#serving);
    this.#loop[Symbol.dispose]();
  }

  #checkRoom(account: string): void {
    const { followers } = this.#limits;
    const ofOne = Math.ceil(followers / 2);
    const isFull = this.#lasting >= followers;
    if (!isFull && (this.#lastingOf.get(account) ?? 0) < ofOne) return;
    const words = isFull ? `${followers} readers may follow` : `${ofOne} readers of one account may follow`;
    throw new ApiProblem('too-many', `at most ${words} at a time; try again later`, {
      headers: { 'retry-after': '10' },
    });
  }

  #countLasting(account: string, more: 1 | -1): void {
    this.#lasting += more;
    const count = (this.#lastingOf.get(account) ?? 0) + more;
    if (count === 0) this.#lastingOf.delete(account);
    else this.#lastingOf.set(account, count);
  }

  #describe(): string {
    const others = this.#serving.size - this.#lasting;
    return `${this.#lasting} of at most ${this.#limits.followers} follow logs and events, ${others} answers are being sent`;
  }

  async #stream(reply: FastifyReply, { status, headers, body }: StreamedAnswer): Promise<void> {
    reply.hijack();
    const response = reply.raw;
    const leaving = new AbortController();
    const leave = () => {
      if (!response.writableFinished) leaving.abort();
    };
    response.once('close', leave);
    this.#closing.signal.addEventListener('abort', leave);
    if (response.closed || this.#closing.signal.aborted) leave();
    response.writeHead(status, { ...reply.getHeaders(), ...headers } as OutgoingHttpHeaders);
    if (reply.request.method === 'HEAD') {
      response.end();
    } else {
      response.flushHeaders();
      const pieces = this.#watch(body(leaving.signal), leaving.signal, () => response.destroy());
      await pipeline(Readable.from(pieces, { objectMode: false }), response).catch((error: unknown) => {
        if (!leaving.signal.aborted) this.#logger.warn({ error }, 'stream broken off');
        response.destroy();
      });
    }
    this.#closing.signal.removeEventListener('abort', leave);
  }

  /** A reader asks for the next piece when it has taken the last: the time between is the reader's. */
  async *#watch(
    pieces: AsyncIterable<Uint8Array | string>,
    signal: AbortSignal,
    hangUp: () => void,
  ): AsyncGenerator<Uint8Array | string, void> {
    for await (const piece of pieces) {
      const timer = this.#clock.schedule(this.#limits.stallMs, hangUp, { background: true });
      try {
        yield piece;
      } finally {
        timer.cancel();
      }
    }
    // What ended because it was told to is not whole, and must not look so.
    signal.throwIfAborted();
  }
}
