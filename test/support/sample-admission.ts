import type { Admission } from '../../protocol/admission.ts';

export const pressureWords = 'memory pressure 43 % over 10 s, limit 20 %';

/** Of an agent that is short of memory, with what the test says otherwise. */
export function closedAdmission(changes: Partial<Admission> = {}): Admission {
  return {
    state: 'closed',
    since: '2026-01-02T03:04:05.000Z',
    reasons: [{ kind: 'memory', message: pressureWords }],
    values: {
      cpu: { percent: 99, from: 'machine' },
      memory: { percent: 43, from: 'machine' },
      io: null,
      freeMemoryPercent: 2,
      loopLagMeanMs: 7,
      loopLagMaxMs: 41,
    },
    ...changes,
  };
}
