import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Automation } from '../../../agent/automations/automation.ts';
import { shippedProbes } from '../../../agent/automations/shipped-probes.ts';
import { readAutomation, readMistakes } from './sample.ts';

describe('a probe', () => {
  test('has an interval, a jitter and volatile places, with defaults', () => {
    const plain = readAutomation('kind: probe\nrun: ["true"]\n');
    const full = readAutomation(
      'kind: probe\nscript: "echo {}"\nintervalSeconds: 10\njitterSeconds: 0\nvolatile: ["/a", "/b/*/c"]\n',
    );
    const none = readAutomation('kind: command\nrun: ["true"]\n');

    const schedule = ({ probe }: Automation) => [probe?.intervalMs, probe?.jitterMs, probe?.volatile];
    assert.deepEqual(schedule(plain), [300_000, 30_000, []]);
    assert.deepEqual(schedule(full), [10_000, 0, ['/a', '/b/*/c']]);
    assert.equal(none.probe, null);
    assert.deepEqual([plain.kind, plain.summary.kind], ['probe', 'probe']);
  });

  test('is one program, or one script with the interpreter of scripts', () => {
    const text = (word: string) => [{ type: 'text', text: word }];
    const program = readAutomation('kind: probe\nrun: ["./facts", "--json"]\n').probe;
    const script = readAutomation('kind: probe\nscript: "echo {}"\n').probe;
    const other = readAutomation('kind: probe\nscript: "print({})"\ninterpreter: ["python3"]\n').probe;

    assert.deepEqual([program?.argv, program?.script], [[text('./facts'), text('--json')], null]);
    assert.deepEqual([script?.argv, script?.script], [[text('sh'), text('-eu')], 'echo {}']);
    assert.deepEqual([other?.argv, other?.script], [[text('python3')], 'print({})']);
    assert.deepEqual(readMistakes('kind: probe\n'), [
      'sample.yaml:1:1: expected "run" or "script", got neither: add what prints the facts as one JSON object',
    ]);
    assert.deepEqual(readMistakes('kind: probe\nrun: ["true"]\nscript: "true"\n'), [
      'sample.yaml:3:1: script: expected either "run" or "script", got both: take one out',
    ]);
  });

  test('says of each wrong key what is expected', () => {
    const mistakes = readMistakes(
      'kind: probe\nrun: ["true"]\nintervalSeconds: 5\njitterSeconds: -1\nvolatile: ["memory.free"]\nintervalSecond: 9\n',
    );

    assert.deepEqual(mistakes, [
      'sample.yaml:3:18: intervalSeconds: expected at least 10, got the number 5. Write seconds, from 10 to 86400, such as 300',
      'sample.yaml:4:16: jitterSeconds: expected at least 0, got the number -1. Write seconds, from 0 to 86400, such as 30',
      'sample.yaml:5:12: volatile.0: expected a JSON pointer, such as /uptimeSeconds or /disks/*/usedBytes, got the text "memory.free". Write a list of JSON pointers, each in quotes, such as ["/uptimeSeconds", "/disks/*/usedBytes"]',
      'sample.yaml:6:1: intervalSecond: unknown key: did you mean "intervalSeconds"?',
    ]);
  });

  test('has nothing of a job: neither its keys nor its placeholders', () => {
    const keys = readMistakes(
      'kind: probe\nrun: ["true"]\nparameters: {type: object}\nretrySafe: true\nmaxConcurrent: 1\nbefore: ["true"]\nlog: {limitBytes: 5}\n',
    );
    const placeholders = readMistakes(
      'kind: probe\nrun: ["echo", "${parameters.a}", "${agent.name}"]\nenvironment: {A: "${job.id}", B: "${secrets.s}", C: "${agent.labels.site}"}\n',
    );

    assert.deepEqual(
      keys.map((mistake) => mistake.split(': ')[1]),
      ['parameters', 'retrySafe', 'maxConcurrent', 'before', 'log'],
    );
    for (const mistake of keys) assert.match(mistake, /a probe is no job, and has none of this: take it out$/);
    assert.equal(placeholders.filter((mistake) => mistake.includes('a probe belongs to no job')).length, 3);
  });

  test('that ships is one without a mistake, whose facts have a schema', async () => {
    const names = (await readdir(shippedProbes)).toSorted();
    const probes = await Promise.all(
      names.map(async (name) => readAutomation(await readFile(join(shippedProbes, name), 'utf8'), name)),
    );

    assert.deepEqual(names, ['host.yaml', 'listening.yaml']);
    for (const { probe, outputs, description } of probes) {
      assert.notEqual(probe, null);
      assert.notEqual(outputs, null);
      assert.notEqual(description, null);
    }
  });
});
