import type { AutomationName } from './automations.ts';
import { automationTerms, limitBytes } from './automations.ts';
import type { JobScript, ProgramAct, ProgramScript } from './job-script.ts';
import type { SeededRandom } from './seeded-random.ts';

interface JobShape {
  readonly index: number;
  readonly automation: AutomationName;
  readonly secret: string | null;
}

/** What the programs of one job do. */
export function generateScript(random: SeededRandom, shape: JobShape): JobScript {
  return {
    command: generateCommand(random, shape),
    before: generateHook(random, shape),
    after: generateHook(random, shape),
  };
}

/** The longest that a job takes if nobody stops it. */
export function lastsMs({ command }: JobScript): number {
  return command.acts.reduce((sum, { afterMs }) => sum + afterMs, command.endsAfterMs);
}

function generateCommand(random: SeededRandom, { index, automation, secret }: JobShape): ProgramScript {
  const isLong = automationTerms[automation].over !== null && random.happens(0.5);
  const lines = Array.from({ length: isLong ? limitBytes / 25 : random.below(12) }, (_, line) =>
    secret !== null && random.happens(0.3)
      ? `job ${index} line ${line} tells ${secret} and goes on\n`
      : `job ${index} line ${line} ${'.'.repeat(random.below(60))}\n`,
  );
  const text = lines.join('');
  const acts: ProgramAct[] = [];
  const slowness = random.pick([1, 10, 300, 3_000]);
  for (let at = 0; at < text.length; ) {
    const length = random.between(1, isLong ? 400 : 80);
    acts.push({ afterMs: random.below(slowness), to: 'log', text: text.slice(at, at + length) });
    at += length;
  }
  for (const act of [...generateOutputs(random, secret), ...generateProgress(random, secret)])
    acts.splice(random.below(acts.length + 1), 0, act);
  return {
    acts,
    endsAfterMs: random.below(random.pick([10, 500, 10_000])),
    status: random.pick([0, 0, 0, 1, 7]),
    termMs: random.pick([0, 20, 2_000, null]),
  };
}

/** First a part of them, or others, and mostly right in the end. */
function generateOutputs(random: SeededRandom, secret: string | null): readonly ProgramAct[] {
  if (random.happens(0.5)) return [];
  const word = secret !== null && random.happens(0.5) ? `it was ${secret}` : 'nothing secret';
  const whole = () => JSON.stringify({ count: random.below(1_000), word });
  const texts = [
    whole,
    whole,
    () => whole().slice(0, 9),
    () => JSON.stringify({ count: word }),
    () => `word=${word}\n`,
  ];
  const toAct = (): ProgramAct => ({
    afterMs: random.below(300),
    to: 'outputs',
    text: random.pick(texts as [() => string])(),
  });
  return Array.from({ length: random.between(1, 2) }, toAct);
}

function generateProgress(random: SeededRandom, secret: string | null): readonly ProgramAct[] {
  if (random.happens(0.6)) return [];
  return Array.from({ length: random.between(1, 4) }, () => ({
    afterMs: random.below(900),
    to: 'progress' as const,
    text: `${random.below(101)} ${secret !== null && random.happens(0.3) ? secret : 'going on'}\n`,
  }));
}

/** Mostly short and fine; some fail, and some take longer than they may. */
function generateHook(random: SeededRandom, { index, secret }: JobShape): ProgramScript {
  const lines = [`a hook of job ${index}\n`, `a hook of job ${index} tells ${secret ?? 'nothing'}\n`, ''] as const;
  return {
    acts: [{ afterMs: random.below(300), to: 'log', text: random.pick(lines) }],
    endsAfterMs: random.below(random.pick([5, 5, 400, 9_000])),
    status: random.pick([0, 0, 0, 0, 1]),
    termMs: random.pick([0, 20, null]),
  };
}
