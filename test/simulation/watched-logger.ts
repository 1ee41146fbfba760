import type { Logger } from '../../runtime/logger.ts';

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Hands on each line, with what is bound to it. */
export function createWatchedLogger(onLine: (line: LoggedLine) => void, bound: Record<string, unknown> = {}): Logger {
  const write = (level: LoggedLine['level']) => (fields: object, message: string) =>
    onLine({ level, message, fields: { ...bound, ...fields } });
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (bindings) => createWatchedLogger(onLine, { ...bound, ...bindings }),
  };
}
