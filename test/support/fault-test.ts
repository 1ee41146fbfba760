import { basename } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createFaultPlace, type FaultPlace } from './fault-place.ts';
import type { FaultRow } from './fault-row.ts';

/** What a fault test is given. */
export interface FaultScene {
  readonly t: TestContext;
  /** A place whose ledger counts for the row. */
  readonly createPlace: (...given: Parameters<typeof createFaultPlace>) => Promise<FaultPlace>;
  /** For the table, behind the counts. */
  readonly note: (figure: string) => void;
}

/**
 * A test that breaks something while jobs run: a row of the table that `npm run test:faults` prints, and that `docs/guarantees.md` keeps.
 * With `FAULT_ROWS` in the environment nothing is run: the row is printed, for whoever makes or checks the page.
 */
export function faultTest(row: FaultRow, run: (scene: FaultScene) => Promise<void>): void {
  if (process.env['FAULT_ROWS'] !== undefined) {
    process.stdout.write(`row ${JSON.stringify(row)}\n`);
    return;
  }
  test(`${row.broken}, ${row.when}: ${row.outcome}`, async (t) => {
    const places: FaultPlace[] = [];
    const notes: string[] = [];
    const scene: FaultScene = {
      t,
      createPlace: async (...given) => {
        const place = await createFaultPlace(...given);
        places.push(place);
        return place;
      },
      note: (figure) => void notes.push(figure),
    };
    await run(scene);
    t.diagnostic(
      `seen ${JSON.stringify({ ...row, file: thisFile(), seen: [...describe(places), ...notes].join('; ') || 'holds' })}`,
    );
  });
}

/** The runner gives each file a process. */
function thisFile(): string {
  return basename(process.argv[1] ?? '', '.test.ts');
}

/** What the ledgers of the row's places say. */
function describe(places: readonly FaultPlace[]): readonly string[] {
  const figures = places.map(({ ledger }) => ledger.figures);
  const sum = (of: 'jobs' | 'starts' | 'bytes') => figures.reduce((total, one) => total + one[of], 0);
  if (sum('jobs') === 0) return [];
  const ends = new Map<string, number>();
  for (const one of figures)
    for (const [end, count] of Object.entries(one.ends)) ends.set(end, (ends.get(end) ?? 0) + count);
  const told = [...ends]
    .sort(([first], [second]) => (first < second ? -1 : 1))
    .map(([end, count]) => `${count} ${end}`);
  return [
    `${count(sum('jobs'), 'job')}, ${count(sum('starts'), 'start')}`,
    told.join(', '),
    `${sum('bytes')} bytes equal`,
  ];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
