import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { toFailure } from './api-failure.ts';
import type { Context } from './context.ts';
import { truncatePainted, truncateToWidth } from './display-width.ts';
import { Failure } from './failure.ts';
import { listenForInterruption } from './interruption.ts';
import type { Output } from './output.ts';

/** Something of the hub that is looked at again and again. */
export interface WatchedView<T> {
  look(signal: AbortSignal): Promise<T>;
  /** What a person sees: drawn over what was there, and cut to the width of the terminal. */
  toScreen(value: T): readonly string[];
  /** What a program reads: a line is printed when it is another one than before under its key. */
  toNews(value: T): readonly { readonly key: string; readonly line: string }[];
  /** There is nothing more to wait for. */
  isOver(value: T): boolean;
}

/** Looks follow each other no faster, however much happens … */
const minGapMs = 1_000;
/** … and no slower, because not everything that is shown has an event. */
const maxGapMs = 3_000;

/**
 * Shows it until it is over or somebody ends it (Ctrl-C: 130). Looks when the hub says that something happened, and once in a while. A hub
 * that is away is waited for. Answers what was seen last; null when it was ended before.
 */
export async function watchView<T>(context: Context, api: ApiClient, view: WatchedView<T>): Promise<T | null> {
  using interruption = listenForInterruption();
  const done = new AbortController();
  const signal = AbortSignal.any([interruption.signal, done.signal]);
  const bell = createBell();
  const listening = listen(api, bell.ring, signal);
  const screen = context.stdout.isTerminal ? createScreen(context.stdout) : null;
  const told = new Map<string, string>();
  try {
    for (let wasAway = false; ; ) {
      try {
        const value = await view.look(signal);
        wasAway = false;
        if (screen === null) await tellNews(context.stdout, view.toNews(value), told);
        else await screen.draw(view.toScreen(value));
        if (view.isOver(value)) return value;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ApiError && error.isPassing)) throw error;
        const known = toFailure(error);
        const why = known instanceof Failure ? known.message : String(error);
        if (!wasAway) await context.stderr.line(context.stderr.paint('yellow', `${why}; trying again`));
        wasAway = true;
      }
      await delay(minGapMs, undefined, { signal });
      await Promise.race([bell.rung(), delay(maxGapMs - minGapMs, undefined, { signal })]);
    }
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null) throw error;
    context.exitWith(code);
    return null;
  } finally {
    done.abort();
    await listening;
  }
}

/** Events only make it faster: without them it looks all the same. */
async function listen(api: ApiClient, ring: () => void, signal: AbortSignal): Promise<void> {
  try {
    for await (const _event of api.watchEvents({ signal })) ring();
  } catch {
    // Whoever looks meets the same trouble, and tells of it.
  }
}

/** Remembers a ring that nobody waited for. */
function createBell() {
  let next = Promise.withResolvers<void>();
  return {
    ring: () => next.resolve(),
    async rung() {
      await next.promise;
      next = Promise.withResolvers<void>();
    },
  };
}

async function tellNews(
  stdout: Output,
  news: readonly { readonly key: string; readonly line: string }[],
  told: Map<string, string>,
): Promise<void> {
  for (const { key, line } of news) {
    if (told.get(key) === line) continue;
    told.set(key, line);
    await stdout.line(line);
  }
}

const home = '\u001B[H';
const eraseAll = '\u001B[2J';
const eraseLine = '\u001B[K';
const eraseBelow = '\u001B[J';

/** Draws over what it drew before, line by line, so that nothing flickers. */
function createScreen(stdout: Output) {
  let isFirst = true;
  return {
    async draw(lines: readonly string[]): Promise<void> {
      const room = Math.max((stdout.rows() ?? 24) - 1, 2);
      const hidden = lines.length - room;
      const more = truncateToWidth(`… and ${hidden + 1} lines more: make the terminal higher`, stdout.columns() ?? 80);
      const shown = hidden > 0 ? [...lines.slice(0, room - 1), more] : lines;
      const columns = stdout.columns() ?? Number.POSITIVE_INFINITY;
      const body = shown.map((line) => `${truncatePainted(line, columns)}${eraseLine}\n`).join('');
      await stdout.write(`${isFirst ? eraseAll : ''}${home}${body}${eraseBelow}`);
      isFirst = false;
    },
  };
}
