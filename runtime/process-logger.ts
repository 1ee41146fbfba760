import { pino } from 'pino';
import type { LogLevel } from './log-level.ts';
import type { Logger } from './logger.ts';
import { toPrettyLine } from './pretty-line.ts';

export interface ProcessLoggerOptions {
  /** Which process speaks: `hub` or `agent`. */
  readonly name: string;
  readonly level: LogLevel;
  /** `json`: a document a line. `pretty`: for a person, with colour when `color` is true. */
  readonly format: 'json' | 'pretty';
  readonly color: boolean;
}

/** Fields that must never show what they hold, wherever a line carries them at its top or one below. */
const secretFields = [
  'token',
  'joinToken',
  'adminToken',
  'secret',
  'secrets',
  'password',
  'authorization',
  'privateKey',
];

/**
 * The log of a process, on standard error, written at once: a line that was logged is there even when the process dies in the next
 * moment. Standard output stays free for what programs read.
 */
export function createProcessLogger({ name, level, format, color }: ProcessLoggerOptions): Logger {
  const standardError = pino.destination({ dest: 2, sync: true });
  // Whoever read the log is gone: no reason to stop working.
  standardError.on('error', () => {});
  const destination =
    format === 'json' ? standardError : { write: (line: string) => standardError.write(toPrettyLine(line, color)) };
  return pino(
    {
      level,
      base: { process: name },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err, cause: pino.stdSerializers.err },
      redact: { paths: [...secretFields, ...secretFields.map((field) => `*.${field}`)], censor: '[secret]' },
    },
    destination,
  );
}
