import type { Job } from '../../../protocol/job.ts';

/** What a strike changes in the truth about jobs, so that it is no fault when they end in it. */
export interface Excuses {
  /** Of one job, whose process was struck. */
  excuse(job: string, ends: readonly string[]): void;
  /** Of all jobs that lived on this agent from now until disposed: their logs may be cut as well. */
  excuseAll(agent: string, ends: readonly string[]): Disposable;
  /** Further ends that are true of the job. */
  endsOf(job: Job): readonly string[];
  /** A process of it was struck. */
  wasStruck(job: Job): boolean;
  /** Its log may have a gap. */
  mayHaveGaps(job: Job): boolean;
}

interface Spell {
  readonly agent: string;
  readonly ends: readonly string[];
  readonly from: number;
  to: number;
}

/** An agent may notice a while later. */
const lateMs = 5_000;

export function createExcuses(): Excuses {
  const struck = new Map<string, string[]>();
  const spells: Spell[] = [];

  function spellsOf({ agent, createdAt, finishedAt }: Job): readonly Spell[] {
    const [from, to] = [Date.parse(createdAt), Date.parse(finishedAt ?? '')];
    return spells.filter((spell) => spell.agent === agent && from <= spell.to + lateMs && to >= spell.from);
  }

  return {
    excuse(job, ends) {
      struck.set(job, [...(struck.get(job) ?? []), ...ends]);
    },
    excuseAll(agent, ends) {
      const spell: Spell = { agent, ends, from: Date.now(), to: Number.POSITIVE_INFINITY };
      spells.push(spell);
      return {
        [Symbol.dispose]() {
          spell.to = Date.now();
        },
      };
    },
    endsOf: (job) => [...(struck.get(job.id) ?? []), ...spellsOf(job).flatMap(({ ends }) => ends)],
    wasStruck: (job) => struck.has(job.id),
    mayHaveGaps: (job) => struck.has(job.id) || spellsOf(job).length > 0,
  };
}
