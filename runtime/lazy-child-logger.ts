import type { Logger } from './logger.ts';

/**
 * A child of `parent` that is made for each line: for what there are thousands of and which seldom say anything, such as the link to
 * an agent. A child of pino that is kept holds about a kilobyte.
 */
class LazyChildLogger implements Logger {
  readonly #parent: Logger;
  readonly #bindings: Record<string, unknown>;

  constructor(parent: Logger, bindings: Record<string, unknown>) {
    this.#parent = parent;
    this.#bindings = bindings;
  }

  debug(fields: object, message: string): void {
    this.#child.debug(fields, message);
  }

  info(fields: object, message: string): void {
    this.#child.info(fields, message);
  }

  warn(fields: object, message: string): void {
    this.#child.warn(fields, message);
  }

  error(fields: object, message: string): void {
    this.#child.error(fields, message);
  }

  child(bindings: Record<string, unknown>): Logger {
    return this.#child.child(bindings);
  }

  get #child(): Logger {
    return this.#parent.child(this.#bindings);
  }
}

export function createLazyChildLogger(parent: Logger, bindings: Record<string, unknown>): Logger {
  return new LazyChildLogger(parent, bindings);
}
