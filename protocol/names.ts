import { z } from 'zod';

/** Name of an agent, automation or account: lower or upper case letters, digits, `.`, `_`, `-`; 1–63 characters, starts with a letter or digit. */
export const Name = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62})$/,
    'expected 1 to 63 letters, digits, ".", "_" or "-", starting with a letter or digit',
  );

/** An id that the hub made: UUID, version 7 where order counts. */
export const Id = z.uuid();

/** Name of a parameter or secret: becomes part of an environment variable's name. */
export const ParameterName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^=\0]+$/u, 'expected a name without "=" or NUL');

/** Hex SHA-256. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');

/** Of a trace, in W3C trace context. */
export const TraceId = z.string().regex(/^[0-9a-f]{32}$/, 'expected 32 lower-case hex digits');

/** RFC 3339 in UTC, as `Date.toISOString` writes it. */
export const Timestamp = z.iso.datetime();

export const ByteCount = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
