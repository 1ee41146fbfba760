import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { pairwise } from '../support/pairwise.ts';
import { type Blow, runLife, steps } from './rows/life-steps.ts';

checkLeaks();

const blows: readonly { readonly blow: Blow; readonly words: string; readonly outcome: string }[] = [
  { blow: 'killed', words: 'by SIGKILL', outcome: 'the job has its one true end' },
  { blow: 'stopped', words: 'by SIGSTOP for two seconds', outcome: 'the job has its one true end' },
  {
    blow: 'stopped for long',
    words: 'by SIGSTOP for longer than it takes to call a job lost',
    outcome: 'the job has its one true end, if need be after a correction',
  },
];

for (const { blow, words, outcome } of blows) {
  for (const victim of ['agent', 'hub', 'both'] as const) {
    const broken = `${victim === 'both' ? 'hub and agent' : victim}, ${words}`;
    faultTest({ broken, when: "at each step of a job's life", outcome }, async (scene) => {
      await pairwise(steps, (step) => runLife({ victim, blow, step }, scene));

      scene.note(`${steps.length} steps`);
    });
  }
}
