import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { listProcesses, readWorkingFolder } from '../../bench/process-facts.ts';
import { findOf } from '../../bench/soak/finding.ts';
import { judgeCurve } from '../../bench/soak/judge-curve.ts';
import type { Point } from '../../bench/soak/linear-fit.ts';
import { type QuantityKey, quantities } from '../../bench/soak/quantity.ts';
import { Recording } from '../../bench/soak/recording.ts';
import { thinPoints } from '../../bench/soak/thin-points.ts';
import { WatchedProcess } from '../../bench/soak/watched-process.ts';
import { chromium, openBrowser } from '../support/browser.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createDice } from '../support/seeded-dice.ts';
import { until } from '../support/until.ts';

checkLeaks();

const main = join(import.meta.dirname, '../../bench/soak/main.ts');
const mebibyte = 1024 * 1024;
const minutes = 30;

/** A sample each five seconds of half an hour. */
function curve(valueAt: (minute: number) => number): readonly Point[] {
  return Array.from({ length: minutes * 12 }, (_, index) => ({ at: index * 5, value: valueAt(index / 12) }));
}

const judge = (points: readonly Point[]) => judgeCurve(points, { floor: 2 * mebibyte });

suite('the verdict on a curve', () => {
  test('is that it grows when it rises to the end, and tells how fast', () => {
    const judgement = judge(curve((minute) => (100 + minute) * mebibyte));

    assert.equal(judgement.verdict, 'grows');
    assert.ok(Math.abs(judgement.slopePerHour / mebibyte - 60) < 0.001, String(judgement.slopePerHour));
    assert.equal(judgement.start, 100 * mebibyte);
  });

  test('is that it is steady once it has warmed up', () => {
    const warms = curve((minute) => (200 - 100 * Math.exp(-minute / 3)) * mebibyte);

    assert.equal(judge(warms).verdict, 'steady');
  });

  test('takes teeth of a saw for steady, and finds a rise below the teeth', () => {
    const teeth = (minute: number) => 50 * ((minute * 0.7) % 1);

    assert.equal(judge(curve((minute) => (100 + teeth(minute)) * mebibyte)).verdict, 'steady');
    assert.equal(judge(curve((minute) => (100 + teeth(minute) + minute) * mebibyte)).verdict, 'grows');
  });

  test('takes noise for steady, as a rule', () => {
    const dice = createDice(7);
    const verdicts = Array.from({ length: 200 }, () => judge(curve(() => (100 + dice.below(20)) * mebibyte)).verdict);

    assert.deepEqual([...new Set(verdicts)], ['steady']);
  });

  test('does not mind a step, one spike, or a fall', () => {
    assert.equal(judge(curve((minute) => (minute > 20 ? 104 : 100) * mebibyte)).verdict, 'steady');
    assert.equal(judge(curve((minute) => (minute === 25 ? 900 : 100) * mebibyte)).verdict, 'steady');
    assert.equal(judge(curve((minute) => (200 - minute) * mebibyte)).verdict, 'steady');
  });

  test('tells what it could not have seen', () => {
    const { verdict, slopePerHour, seesFromPerHour } = judge(curve((minute) => (100 + minute / 60) * mebibyte));

    assert.equal(verdict, 'steady');
    assert.ok(slopePerHour < seesFromPerHour);
  });

  test('is none for a few samples, for what may rise, and for a process that began anew', () => {
    const rising = curve((minute) => (100 + minute) * mebibyte);
    const [resident] = quantities;
    const line = { quantity: 'resident', name: 'x', points: rising, breaks: [] } as const;

    assert.equal(judge(rising.slice(0, 40)).verdict, 'too short');
    assert.equal(judge([]).verdict, 'too short');
    assert.equal(findOf(line, resident).verdict, 'grows');
    assert.equal(findOf(line, { ...resident, floor: null }).verdict, 'not judged');
    assert.equal(findOf({ ...line, breaks: [1500] }, resident).verdict, 'restarted');
    assert.equal(findOf({ ...line, breaks: [10] }, resident).verdict, 'grows');
  });
});

test('thinned points keep every peak and dip', () => {
  const points = curve((minute) => (minute === 10 ? 1000 : minute === 20 ? -5 : 1));

  const thinned = thinPoints(points, 50);

  assert.ok(thinned.length <= 100);
  assert.deepEqual(
    [Math.max(...thinned.map(({ value }) => value)), Math.min(...thinned.map(({ value }) => value))],
    [1000, -5],
  );
  assert.deepEqual(
    thinned,
    thinned.toSorted((a, b) => a.at - b.at),
  );
});

/** Memory and descriptors that nobody gives back. */
const leakingProgram = `
  import { openSync } from 'node:fs';
  const kept = [];
  setInterval(() => {
    kept.push(Buffer.alloc(1024 * 1024, 1));
    kept.push(openSync('/dev/null'));
  }, 20);
`;

test('a process that leaks is found to grow, and one that does nothing is not', async () => {
  const start = (program: string) =>
    spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' });
  const children = { leaking: start(leakingProgram), idle: start('setInterval(() => {}, 1e6);') };
  const recording = new Recording();
  const watched = Object.entries(children).map(
    ([name, { pid }]) => new WatchedProcess({ name, pid: pid ?? null, readMetrics: async () => '' }, recording),
  );
  try {
    // Both have started, and the idle one has come to rest.
    await delay(1500);
    for (let count = 0; count < 80; count += 1) {
      for (const one of watched) await one.sample();
      await delay(50);
    }
  } finally {
    for (const child of Object.values(children)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  const verdict = (name: string, key: QuantityKey) => {
    const quantity = quantities.find((one) => one.key === key);
    const line = recording.lines().find((one) => one.name === name && one.quantity === key);
    return quantity === undefined || line === undefined ? null : findOf(line, quantity).verdict;
  };
  assert.deepEqual([verdict('leaking', 'resident'), verdict('leaking', 'descriptors')], ['grows', 'grows']);
  assert.deepEqual([verdict('idle', 'resident'), verdict('idle', 'descriptors')], ['steady', 'steady']);
});

interface Document {
  readonly curves: readonly { readonly quantity: string; readonly name: string; readonly points: readonly unknown[] }[];
  readonly outcomes: readonly { readonly kind: string; readonly asExpected: number; readonly surprises: number }[];
  readonly surprises: readonly string[];
}

test('a soak of seconds reports every curve, and leaves nothing behind', { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-soak-test-'));
  const output = join(folder, 'report');
  const child = spawn(
    process.execPath,
    [main, '--sources', '--minutes', '0.3', '--every', '0.3', '--pace', '0.5', '--output', output],
    { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => void (said += bytes.toString()));
  const [code] = await once(child, 'close');
  try {
    assert.equal(code, 0, said);
    const left = () => listProcesses().filter((pid) => readWorkingFolder(pid).startsWith(`${folder}/`));
    // One that was killed may take a moment.
    await until('no process of it to be left', () => left().length === 0);
    assert.deepEqual(await readdir(folder), ['report']);
    const document: Document = JSON.parse(await readFile(join(output, 'soak.json'), 'utf8'));
    const names = (quantity: QuantityKey) =>
      document.curves.filter((one) => one.quantity === quantity && one.points.length > 0).map(({ name }) => name);
    for (const { key } of quantities) {
      // Retention has no turn in so short a time.
      if (key !== 'removed') assert.notEqual(names(key).length, 0, `no curve of ${key}`);
    }
    // The third agent is restarted so often that a busy machine may not find it up in any sample.
    for (const key of ['resident', 'heap', 'external', 'buffers', 'descriptors', 'threads', 'lag', 'cpu'] as const)
      assert.deepEqual(
        [...new Set([...names(key), 'agent c'])].toSorted(),
        ['agent a', 'agent b', 'agent c', 'hub'],
        key,
      );
    assert.deepEqual(document.surprises, []);
    assert.ok(document.outcomes.every(({ surprises }) => surprises === 0));
    assert.ok(document.outcomes.some(({ kind, asExpected }) => kind === 'nothing' && asExpected > 0));
    const page = await readFile(join(output, 'soak.html'), 'utf8');
    for (const { key, title } of quantities) if (key !== 'removed') assert.ok(page.includes(title), title);
    assert.doesNotMatch(page, /NaN|undefined|Infinity/);
    if (chromium !== undefined) await lookAt(chromium, join(output, 'soak.html'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** A browser draws it, and asks nobody for anything. */
async function lookAt(browser: string, path: string): Promise<void> {
  await using page = await openBrowser(browser);
  await page.open(`file://${path}`);
  const drawn = await page.evaluate(
    `[...document.querySelectorAll('svg path')].filter((path) => path.getTotalLength() > 0).length`,
  );
  assert.ok(Number(drawn) > 30, `${String(drawn)} curves are drawn`);
  assert.deepEqual([page.asked, page.complaints], [[`file://${path}`], []]);
}

test('a soak that is asked for nonsense says what it expected', async () => {
  const child = spawn(process.execPath, [main, '--minutes', 'long'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => void (said += bytes.toString()));

  const [code] = await once(child, 'close');

  assert.equal(code, 2);
  assert.match(said, /--minutes: expected a number above 0; got long/);
});
