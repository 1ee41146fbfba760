import { hash } from 'node:crypto';
import type { JsonValue } from '../protocol/json.ts';
import { toCanonicalJson } from './canonical-json.ts';

/** Lower-case hex SHA-256 of the canonical JSON. Equal hash means that nothing needs to be sent. */
export function hashStatus(data: JsonValue): string {
  return hash('sha256', toCanonicalJson(data));
}
