import { createHash } from 'node:crypto';
import { mask } from '../../agent/masking/mask.ts';
import type { StoredLog } from '../../hub/store/records.ts';
import { type AutomationTerms, limitBytes } from './automations.ts';
import type { Evidence, Programs } from './evidence.ts';

export interface LogCase {
  readonly log: StoredLog;
  /** What the hub has of it durably; null where retention removed it. */
  readonly stored: Buffer | null;
  readonly secret: string | null;
  readonly programs: Programs;
  readonly terms: AutomationTerms;
  readonly evidence: Evidence;
}

/** What is told of a log, and the log, against what was really printed. */
export function judgeLog(given: LogCase): readonly string[] {
  const { log, stored, programs, terms } = given;
  const limited = Buffer.concat([programs.before?.output ?? nothing, programs.command?.output ?? nothing]);
  const missing = terms.over === 'gap' ? Math.max(0, limited.length - limitBytes) : 0;
  const kept = limited.subarray(0, limited.length - missing);
  const expected = Buffer.from(
    mask(
      Buffer.concat([kept, programs.after?.output ?? nothing]),
      given.secret === null ? {} : { token: given.secret },
    ),
  );
  if (log.complete === true && missing > 0) return [`is called complete, and ${missing} bytes were dropped`];
  const [gap] = log.gaps;
  const isCounted = log.gaps.length === 1 && gap?.why === 'log-limit';
  if (log.complete !== true && !isCounted) return [...judgeGaps(given, missing), ...judgeTold(given, expected)];
  const wrong: string[] = [];
  if (isCounted && gap.bytes !== missing) wrong.push(`is said to lack ${gap.bytes} bytes, and lacks ${missing}`);
  // Of an attempt that two copies of a folder have, each tells what it has in its own.
  if (given.evidence.hadCopy) return wrong;
  if (stored !== null && !stored.equals(expected))
    wrong.push(
      `is told as whole: ${stored.length} bytes, ${expected.length} were to be kept${describeDifference(stored, expected)}`,
    );
  if (log.sha256 !== createHash('sha256').update(expected).digest('hex'))
    wrong.push('is told as whole, and its digest is not that of what was printed');
  return wrong;
}

const nothing = Buffer.alloc(0);

/** Of a runner that is gone, what it had sent is there. */
function judgeTold({ log, stored, terms, evidence }: LogCase, expected: Buffer): readonly string[] {
  if (!terms.inPod || stored === null || evidence.isRestored || evidence.hadPowerLoss) return [];
  const wrong: string[] = [];
  if (!expected.subarray(0, stored.length).equals(stored)) wrong.push('does not begin as what was printed');
  const [gap] = log.gaps;
  if (gap?.why === 'runner-gone' && gap.at !== stored.length)
    wrong.push(`is said to end at ${gap.at}, and has ${stored.length} bytes`);
  return wrong;
}

function judgeGaps({ log, evidence, terms }: LogCase, missing: number): readonly string[] {
  if (log.gaps.length === 0) return ['is not complete, and no gap says why'];
  const isSinkGap = terms.over === 'gap' && (missing > 0 || evidence.had('kill-job'));
  const mayHaveGaps =
    isSinkGap ||
    (terms.inPod && log.gaps.every(({ why }) => why === 'runner-gone')) ||
    evidence.hadFullDisk ||
    evidence.isRestored ||
    evidence.hadPowerLoss ||
    evidence.hadCopy ||
    (evidence.isWindowShort && log.gaps.every(({ why }) => why === 'secrets-gone'));
  return mayHaveGaps ? [] : [`has gaps for no reason: ${JSON.stringify(log.gaps)}`];
}

function describeDifference(stored: Buffer, expected: Buffer): string {
  const at = stored.findIndex((byte, index) => byte !== expected[index]);
  return at === -1 ? '' : `, they differ at ${at}`;
}
