import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { prepare } from '../../../agent/automations/prepare.ts';
import { createPreparation, readAutomation, readMistakes } from './sample.ts';

const open = 'run: ["true"]\nexecutor: dummy\n';

suite('the executor of an automation', () => {
  test('is the process executor where the file does not say', () => {
    assert.equal(readAutomation('run: [uptime]').executor.name, 'process');
    assert.equal(readAutomation('run: [uptime]\nexecutor: process').executor.name, 'process');
    assert.equal(readAutomation(open).executor.name, 'dummy');
  });

  test('is one that there is, or the file says which there are', () => {
    assert.deepEqual(readMistakes('run: [uptime]\nexecutor: dumy'), [
      'sample.yaml:2:11: executor: expected one of process, dummy, kubernetes, got "dumy": did you mean "dummy"?',
    ]);
    assert.deepEqual(readMistakes('run: [uptime]\nexecutor: [dummy]'), [
      'sample.yaml:2:11: executor: expected one of process, dummy, kubernetes, got ["dummy"]',
    ]);
  });

  test('has a block of its own name, whose mistakes are told with their places', () => {
    const mistakes = readMistakes(`${open}dummy:\n  sleepSecond: 1\n  exitCode: 256\n  bytes: many\n  cause: evict\n`);

    assert.deepEqual(
      mistakes.map((mistake) => mistake.slice(0, 90)),
      [
        'sample.yaml:4:3: dummy.sleepSecond: unknown key: did you mean "sleepSeconds"?',
        'sample.yaml:5:13: dummy.exitCode: expected at most 255, got the number 256. Write a whole number from 0 to 255'.slice(
          0,
          90,
        ),
        'sample.yaml:6:10: dummy.bytes: expected a number, got the text "many". Write how many bytes'.slice(0, 90),
        'sample.yaml:7:10: dummy.cause: expected one of out-of-memory, image-pull, evicted, unsched',
      ],
    );
  });

  test('has no block of another executor beside it', () => {
    assert.deepEqual(readMistakes('run: [uptime]\ndummy: {sleepSeconds: 1}'), [
      'sample.yaml:2:1: dummy: counts with "executor: dummy" only, and this file\'s executor is process: write that, or take the block out',
    ]);
  });

  test('can do what the file asks of it', () => {
    assert.deepEqual(
      readMistakes(`${open}user: root`).at(-1),
      'sample.yaml:3:7: user: executor dummy cannot run as `user`: take "user" out',
    );
    assert.match(
      readMistakes('kind: probe\nrun: [uptime]\nintervalSeconds: 60\nexecutor: dummy').join('\n'),
      /:4:11: executor: a probe runs on the agent's machine, and executor dummy runs elsewhere: take it out/,
    );
    assert.match(
      readMistakes('kind: ansible\nplaybook: playbooks/site.yaml\nexecutor: dummy').join('\n'),
      /:3:11: executor: kind ansible needs programs and files of the agent's machine/,
    );
  });

  test('is given its block with the placeholders filled in, of whatever type they are', () => {
    const automation = readAutomation(
      `${open}dummy: {sleepSeconds: "\${parameters.seconds}", print: "job \${job.id}", outputs: {of: "\${agent.name}"}}`,
    );

    const prepared = prepare(automation, createPreparation({ document: { parameters: { seconds: 1.5 } } }));

    assert.ok(prepared.type === 'prepared');
    const { sleepSeconds, print, outputs, exitCode } = Object(prepared.command.settings);
    assert.deepEqual(
      { sleepSeconds, print, outputs, exitCode },
      { sleepSeconds: 1.5, print: 'job 0190d2a6-0000-7000-8000-000000000001', outputs: { of: 'a1' }, exitCode: 0 },
    );
  });

  test('refuses a job whose values do not fit its block, before anything starts', () => {
    const automation = readAutomation(`${open}dummy: {sleepSeconds: "\${parameters.seconds}"}`);

    const bad = prepare(automation, createPreparation({ document: { parameters: { seconds: 'soon' } } }));
    const missing = prepare(automation, createPreparation());

    assert.ok(bad.type === 'refused' && missing.type === 'refused');
    assert.equal(bad.cause, 'parameters-invalid');
    assert.match(bad.message, /^dummy\.sleepSeconds: expected a number, got the text "soon"/);
    assert.match(missing.message, /parameters\.seconds/);
  });

  test('holds no secret, and no parameter that the schema does not know', () => {
    const closed = `${open}parameters: {type: object, properties: {a: {}}, additionalProperties: false}\n`;

    assert.match(
      readMistakes(`${closed}dummy: {print: "\${secrets.word}"}`).join(),
      /:4:16: dummy\.print: .*a secret never stands/,
    );
    assert.match(
      readMistakes(`${closed}dummy: {print: "\${parameters.b}"}`).join(),
      /no parameter "b": did you mean "a"\?/,
    );
  });

  test('elsewhere gives a command nothing of the agent’s machine but what the file names', () => {
    const automation = readAutomation(`${open}inherit: [HTTPS_PROXY]`);
    const environment = { PATH: '/bin', HOME: '/root', HTTPS_PROXY: 'http://proxy' };

    const prepared = prepare(automation, createPreparation({ environment }));

    assert.ok(prepared.type === 'prepared');
    assert.deepEqual(
      Object.keys(prepared.command.environment).filter((name) => !name.startsWith('FARHAND_')),
      ['HTTPS_PROXY'],
    );
  });

  test('counts for the digest with all that its block says', () => {
    const digests = [`${open}dummy: {lines: 1}`, `${open}dummy: {lines: 2}`, open, 'run: ["true"]'].map(
      (text) => readAutomation(text).digest,
    );

    assert.equal(new Set(digests).size, 4);
  });
});
