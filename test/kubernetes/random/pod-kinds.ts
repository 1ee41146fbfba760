import type { JobKind } from '../../faults/random/job-kinds.ts';
import type { Dice } from '../../support/seeded-dice.ts';
import { type LogWay, wayLabel } from './pod-place.ts';

const success = 'succeeded exit-code 0';
/** Of one that was tried ten times, the last time by an agent that was killed before it let the Job go. */
const neverBegan = 'failed start-failed';
const secret = 'correct-horse-battery-staple';

const script = (run: string, automation = 'pod') => ({ automation, parameters: { run } });
const lines = (count: number) =>
  `i=0; while [ $i -lt ${count} ]; do say "line $i"; i=$((i+1)); [ $((i % 20)) = 0 ] && sleep 0.1 || :; done`;
/** Without what containerd drops before the end of a line. */
const noise = (bytes: number) => `head -c ${bytes} /dev/urandom | tr -d '\\r' | tee -a "$said"`;
const text = (bytes: number) => `yes 0123456789abcdef | head -c ${bytes} | tee -a "$said"`;
const starts = '$(grep -c "^$FARHAND_JOB_ID " "$PLACE/ledger")';

/** Ten kinds and some more, whose log comes that way, and every end that is true of each. */
function kindsOf(way: LogWay): readonly JobKind[] {
  // What the kubelet turned over can be proved by nobody, nor what went with a pod that had to be deleted because its node was slow to end it.
  const unproved = way === 'kubelet' ? { terms: { gaps: true } } : {};
  // Its pod was deleted while nobody could watch it go, and what it said last of its container went with it.
  const mayHaveBegun = { terms: { gaps: true } };
  const kinds: readonly JobKind[] = [
    { request: () => script('say hello'), ends: [success] },
    { request: (dice) => script(lines(20 + dice.below(200))), ends: [success] },
    { request: (dice) => script(`say up; sleep ${2 + dice.below(8)}; say down`), ends: [success] },
    { request: () => script('say "it is broken"; sleep 0.2; exit 7'), ends: ['failed exit-code 7'] },
    { request: (dice) => script(noise(1 + dice.below(3_000_000))), ends: [success] },
    {
      request: (dice) =>
        script(`for i in 1 2 3 4; do ${text(1_000_000 + dice.below(5_000_000))}; sleep ${dice.below(6)}; done`),
      ends: [success],
      ...unproved,
    },
    {
      request: (dice) => script(`head -c ${dice.below(200_000)} /dev/zero | tr '\\0' x | tee -a "$said"`),
      ends: [success],
    },
    {
      request: () => script('say counted; printf \'{"count": 42}\' >"$FARHAND_OUTPUTS"'),
      ends: [success],
      outputs: { count: 42 },
    },
    {
      request: (dice) => ({
        ...script(`printf 'begin correct-horse'; sleep 0.${dice.below(10)}; printf -- '-battery'; echo -staple end`),
        secrets: { word: secret },
      }),
      ends: [success],
      terms: {
        told: 'begin *** end\n',
        toldSoFar: ['', 'begin correct-horse', 'begin correct-horse-battery'],
      },
    },
    { request: () => ({ ...script('say up; sleep 60'), timeoutSeconds: 2 }), ends: ['timed-out timeout'], ...unproved },
    {
      request: () => ({ ...script("trap '' TERM; say up; sleep 60; sleep 60"), timeoutSeconds: 2 }),
      ends: ['timed-out timeout'],
      ...unproved,
    },
    { request: () => script('say up; sleep 120'), cancelled: true, ends: ['cancelled cancelled'], ...unproved },
    {
      request: (dice) => script(`say up; ${lines(dice.below(300))}`),
      cancelled: true,
      ends: ['cancelled cancelled', success],
      ...unproved,
    },
    {
      request: () => script('say up; sleep 300 & setsid sleep 300 & (trap "" TERM; sleep 300) & say down'),
      ends: [success],
    },
    { request: () => script('say up', 'unknown-image-pod'), ends: ['failed image-pull', neverBegan], ...mayHaveBegun },
    { request: () => script('say up', 'homeless-pod'), ends: ['failed unschedulable', neverBegan], ...mayHaveBegun },
    {
      request: () => script('say up; dd if=/dev/zero of=/dev/null bs=300M count=1; say "not reached"', 'small-pod'),
      ends: ['failed out-of-memory', 'failed signal'],
      terms: { childKilled: true },
    },
    {
      request: () => ({
        ...script(`say "once more"; [ ${starts} -ge 2 ] || exit 9; say through`, 'safe-pod'),
        retry: { limit: 9, on: ['exit-code', 'agent-lost', 'process-lost', 'signal', 'pod-deleted', 'evicted'] },
      }),
      ends: [success],
      terms: { tries: 10 },
    },
  ];
  return kinds.map((kind) => ({ ...kind, request: toWay(way, kind.request) }));
}

function toWay(way: LogWay, request: JobKind['request']): JobKind['request'] {
  return (dice: Dice) => ({ ...request(dice), selector: `${wayLabel}=${way}` });
}

export const podKinds = [...kindsOf('kubelet'), ...kindsOf('runner')] as unknown as readonly [JobKind, ...JobKind[]];
