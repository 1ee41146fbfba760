import type { Job } from '../../../protocol/job.ts';
import { gapLogBytes } from '../../support/fault-place.ts';
import type { LedgerTerms } from '../../support/ledger.ts';
import type { Dice } from '../../support/seeded-dice.ts';

/** A kind of job, and every end that is true of it, whatever died meanwhile. */
export interface JobKind {
  readonly request: (dice: Dice) => object;
  /** A cancel is asked for soon after it was accepted. */
  readonly cancelled?: true;
  readonly ends: readonly string[];
  /** Ends that are true of one that was called lost before: what comes late is not tried again. */
  readonly lateEnds?: readonly string[];
  readonly terms?: LedgerTerms;
  readonly outputs?: Job['outputs'];
}

const success = 'succeeded exit-code 0';
const secret = 'correct-horse-battery-staple';

const script = (run: string, automation = 'job') => ({ automation, parameters: { run } });
const lines = (count: number) =>
  `i=0; while [ $i -lt ${count} ]; do say "line $i"; i=$((i+1)); [ $((i % 20)) = 0 ] && sleep 0.1 || :; done`;
const noise = (bytes: number) => `head -c ${bytes} /dev/urandom | tee -a "$said"`;
/** How often it was started so far, this time included. */
const starts = '$(grep -c "^$FARHAND_JOB_ID " "$PLACE/ledger")';

export const jobKinds: readonly [JobKind, ...JobKind[]] = [
  { request: () => script('say hello'), ends: [success] },
  { request: (dice) => script(lines(20 + dice.below(400))), ends: [success] },
  { request: (dice) => script(noise(dice.below(4_000_000))), ends: [success] },
  { request: (dice) => script(`say up; sleep ${3 + dice.below(12)}; say down`), ends: [success] },
  { request: () => script('say "it is broken"; sleep 0.2; exit 7'), ends: ['failed exit-code 7'] },
  { request: () => ({ ...script('say up; sleep 60'), timeoutSeconds: 1 }), ends: ['timed-out timeout'] },
  {
    request: () => ({ ...script("trap '' TERM; say up; sleep 60; sleep 60"), timeoutSeconds: 1 }),
    ends: ['timed-out timeout'],
  },
  { request: () => script('say up; sleep 60'), cancelled: true, ends: ['cancelled cancelled'] },
  {
    request: (dice) => script(`say up; ${lines(dice.below(300))}`),
    cancelled: true,
    ends: ['cancelled cancelled', success],
  },
  {
    request: (dice) => ({
      ...script(
        `printf 'begin correct-horse'; sleep 0.${dice.below(10)}; printf -- '-battery'; sleep 0.${dice.below(10)}; echo -staple end`,
      ),
      secrets: { word: secret },
    }),
    ends: [success],
    terms: {
      told: 'begin *** end\n',
      toldSoFar: ['', 'begin correct-horse', 'begin correct-horse-battery'],
    },
  },
  // What it leaves behind, also in a session of its own, is ended with it.
  {
    request: () => script('say up; sleep 300 & setsid sleep 300 & (trap "" TERM; sleep 300) & say down'),
    ends: [success],
  },
  {
    request: () => ({
      ...script(`say "once more"; [ ${starts} -ge 2 ] || exit 9; say through`, 'safe-job'),
      retry: { limit: 9, on: ['exit-code', 'agent-lost', 'process-lost', 'signal'] },
    }),
    ends: [success],
    lateEnds: ['failed exit-code 9'],
    terms: { tries: 10 },
  },
  {
    request: (dice) => script(`${noise(gapLogBytes)}; ${noise(1 + dice.below(200_000))}`, 'gap-log-job'),
    ends: [success],
    terms: { gaps: true },
  },
  {
    request: () => script('say counted; printf \'{"count": 42}\' >"$FARHAND_OUTPUTS"'),
    ends: [success],
    outputs: { count: 42 },
  },
  { request: (dice) => script(`say hooked; sleep 0.${dice.below(10)}`, 'hooked-job'), ends: [success] },
];
