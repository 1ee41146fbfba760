import { logLevels } from '../log-level.ts';
import type { ConfigSchema } from './config-key.ts';
import { oneOf } from './formats.ts';

/** How a process logs: the same for each of them. */
export const logKeys = {
  logLevel: {
    variable: 'FARHAND_LOG_LEVEL',
    doc: 'The least important messages that are still logged.',
    format: oneOf(...logLevels),
    default: 'info',
    sensitive: false,
  },
  logFormat: {
    variable: 'FARHAND_LOG_FORMAT',
    doc: 'json: a document a line, for programs. pretty: for a person.',
    format: oneOf('json', 'pretty'),
    default: 'json',
    sensitive: false,
  },
} as const satisfies ConfigSchema;
