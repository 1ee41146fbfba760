import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readMarks } from '../../../agent/executors/process/process-marks.ts';
import { createProcessTable } from '../../../agent/executors/process/process-table.ts';
import { markStart, type StartMark } from '../../../agent/executors/process/younger-ids.ts';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { eventually, nearlyForever } from './process-place.ts';

/** However slow the machine is, no time passes between the mark and the sweep. */
const still: Clock = { ...systemClock, monotonic: () => 0 };

const byNumber = (one: number, other: number) => one - other;

interface Family extends AsyncDisposable {
  readonly attempt: string;
  /** Started one after the other, all with the attempt's id. */
  readonly pids: readonly [number, number, number];
  readonly mark: StartMark;
}

/** Three processes of one attempt, the mark between the first and the second. */
async function startFamily(): Promise<Family> {
  const attempt = `family-${process.pid}-${Date.now()}`;
  const children: ChildProcess[] = [];
  const start = () => {
    const child = spawn('sleep', [nearlyForever], {
      stdio: 'ignore',
      env: { ...process.env, FARHAND_ATTEMPT_ID: attempt },
    });
    children.push(child);
    return child.pid ?? assert.fail('expected a process');
  };
  const first = start();
  const second = start();
  const mark = markStart(second, still) ?? assert.fail('expected a mark');
  const third = start();
  return {
    attempt,
    pids: [first, second, third],
    mark,
    async [Symbol.asyncDispose]() {
      for (const child of children) {
        const gone = new Promise((resolve) => child.once('close', resolve));
        child.kill('SIGKILL');
        await gone;
      }
    },
  };
}

describe('a sweep for what is no older than a process', { skip: !existsSync('/proc/loadavg') && 'needs /proc' }, () => {
  checkLeaks();

  async function find(family: Family, since: StartMark | null): Promise<readonly number[]> {
    const { pids, settled } = await createProcessTable({ clock: still }).find({ attempt: family.attempt, since });
    assert.equal(settled, true);
    return pids;
  }

  it('finds the process and what came after it', async () => {
    await using family = await startFamily();
    const [first, second, third] = family.pids;
    // Ids may begin again from the lowest between two of them.
    const isRising = first < second && second < third;

    const found = await find(family, family.mark);

    assert.deepEqual(found.toSorted(byNumber), isRising ? [second, third] : [...family.pids].toSorted(byNumber));
  });

  it('reads all where ids began again from the lowest', async () => {
    await using family = await startFamily();

    const found = await find(family, { ...family.mark, pid: family.mark.highestId });

    assert.deepEqual(found.toSorted(byNumber), [...family.pids].toSorted(byNumber));
  });

  it('reads all after so long that ids may have gone round, whatever was refused and not counted', async () => {
    await using family = await startFamily();

    const found = await find(family, { ...family.mark, at: family.mark.at - family.mark.highestId });

    assert.deepEqual(found.toSorted(byNumber), [...family.pids].toSorted(byNumber));
  });

  it('reads what the oldest of those who wait needs', async () => {
    await using family = await startFamily();
    const [first, second, third] = family.pids;
    const isRising = first < second && second < third;
    const table = createProcessTable({ clock: still });
    const younger = markStart(third, still) ?? assert.fail('expected a mark');

    const [own] = await Promise.all([
      table.find({ attempt: family.attempt, since: family.mark }),
      table.find({ attempt: 'another', since: younger }),
    ]);

    assert.deepEqual(own.pids.toSorted(byNumber), isRising ? [second, third] : [...family.pids].toSorted(byNumber));
  });

  it('reads all when one of those who wait does not know', async () => {
    await using family = await startFamily();
    const table = createProcessTable({ clock: systemClock });

    const [, whole] = await Promise.all([
      table.find({ attempt: 'another', since: family.mark }),
      table.find({ attempt: family.attempt, since: null }),
    ]);

    assert.deepEqual(whole.pids.toSorted(byNumber), [...family.pids].toSorted(byNumber));
  });
});

describe('sweeps that follow each other', { skip: !existsSync('/proc/loadavg') && 'needs /proc' }, () => {
  checkLeaks();

  it('find a process that had no mark for long, and has one since the last of them', async () => {
    const attempt = `stranger-${process.pid}`;
    let now = 0;
    const table = createProcessTable({ clock: { ...systemClock, monotonic: () => now } });
    const script = `read -r _; FARHAND_ATTEMPT_ID=${attempt} exec sleep ${nearlyForever}`;
    const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
    const gone = new Promise((resolve) => child.once('close', resolve));
    const pid = child.pid ?? assert.fail('expected a process');
    const look = async () => (await table.find({ attempt, since: null })).pids;
    assert.deepEqual(await look(), []);

    child.stdin.end('\n');
    await eventually(() => hasMark(pid, attempt), 'a mark');
    const found: (readonly number[])[] = [];
    for (now = 900; now <= 4_500; now += 900) found.push(await look());

    assert.deepEqual(
      found,
      Array.from({ length: 5 }, () => [pid]),
    );
    child.kill('SIGKILL');
    await gone;
  });
});

function hasMark(pid: number, attempt: string): boolean {
  const marks = readMarks(pid);
  return marks.type === 'read' && marks.attempts.includes(attempt);
}

describe('the mark of a start', () => {
  it('is not to be had of a process that is not young, which may be of another namespace', () => {
    assert.equal(markStart(1_000_000_000, systemClock), null);
  });
});
