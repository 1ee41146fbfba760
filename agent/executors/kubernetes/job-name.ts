import { createHash } from 'node:crypto';

/** The name of a Job becomes the value of a label. */
const maxLength = 63;

/**
 * The one name that an attempt's Job and Secret ever have: making them again finds them. The same for the same attempt, and a DNS
 * label whatever the attempt's id looks like.
 */
export function toJobName(attempt: string): string {
  const name = `farhand-${attempt}`;
  if (name.length <= maxLength && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return name;
  return `farhand-${createHash('sha256').update(attempt).digest('hex').slice(0, 40)}`;
}
