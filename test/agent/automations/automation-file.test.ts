import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readAutomation, readMistakes } from './sample.ts';

const whole = `
name: greet
kind: command
description: Says hello
run: ["printf", "hello %s\\n", "\${parameters.name}"]
parameters:
  type: object
  properties: {name: {type: string, default: world}}
  additionalProperties: false
outputs: {type: object}
timeoutSeconds: 600
graceSeconds: 5
retrySafe: true
environment: {LANG: C.UTF-8}
workingDirectory: work
maxConcurrent: 4
log: {limitBytes: 1073741824, over: fail}
inherit: [HTTPS_PROXY]
`;

suite('a file of an automation', () => {
  test('says all that the contract lists', () => {
    const automation = readAutomation(whole);

    const { digest, ...summary } = automation.summary;
    assert.deepEqual(summary, {
      name: 'greet',
      kind: 'command',
      executor: 'process',
      description: 'Says hello',
      parameters: {
        type: 'object',
        properties: { name: { type: 'string', default: 'world' } },
        additionalProperties: false,
      },
      outputs: { type: 'object' },
      timeoutSeconds: 600,
      retrySafe: true,
      maxConcurrent: 4,
    });
    assert.equal(digest, automation.digest);
    assert.equal(automation.graceSeconds, 5);
    assert.equal(automation.workingDirectory, 'work');
    assert.deepEqual(automation.log, { limitBytes: 1_073_741_824, over: 'fail' });
    assert.deepEqual(automation.inherit, ['HTTPS_PROXY']);
    assert.deepEqual([...automation.environment.keys()], ['LANG']);
  });

  test('needs no more than what to run: the rest has defaults', () => {
    const automation = readAutomation('run: [uptime]', '/folder/up-time.yaml');

    assert.equal(automation.name, 'up-time');
    assert.equal(automation.kind, 'command');
    assert.equal(automation.retrySafe, false);
    assert.equal(automation.timeoutSeconds, null);
    assert.equal(automation.summary.parameters, null);
    assert.equal(readAutomation('script: uptime').kind, 'script');
  });

  test('has a digest of what it says, not of how it is written', () => {
    const { digest } = readAutomation('kind: command\nrun: [a, "b"]');

    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.equal(readAutomation('# note\nrun:\n- a\n- b\nkind: "command"').digest, digest);
    assert.notEqual(readAutomation('kind: command\nrun: [a, c]').digest, digest);
  });

  const mistakes: readonly (readonly [title: string, text: string, ...expected: RegExp[]])[] = [
    ['is empty', '', /^sample\.yaml:1:1: expected an automation/],
    ['is a list', '- run', /:1:1: expected an automation/],
    ['is not YAML', 'run: [a', /:1:\d+: not YAML: /],
    ['is indented by a tab', 'script: |\n\techo hi\n', /^[^\n]*:2:1: not YAML: indented by a tab: use spaces[^\n]*$/],
    [
      'has a colon in a text that is not quoted',
      'script: echo error: none',
      /^[^\n]*:1:9: not YAML: Nested mappings[^\n]*; quote a text that has ": " in it[^\n]*$/,
    ],
    ['has a key twice', 'run: [a]\nrun: [b]', /:2:1: not YAML: .*unique/],
    ['has two documents', 'run: [a]\n---\nrun: [b]', /:2:1: expected one automation, got a second document/],
    ['has a tag', 'run: [!secret a]', /:1:7: not YAML: .*tag/],
    [
      'grows by aliases',
      `a: &a [x]\n${Array.from('bcdefghij', (name, at) => `${name}: &${name} [${`*${'abcdefghij'[at]},`.repeat(9)}]\n`).join('')}`,
      /not YAML: .*alias/,
    ],
    [
      'has the key __proto__',
      'run: [a]\nparameters: {properties: {__proto__: {}}}',
      /:2:38: parameters\.properties\.__proto__: the key "__proto__" is not allowed/,
    ],
    ['has a number that is none', 'run: [a]\ntimeoutSeconds: .nan', /:2:17: timeoutSeconds: expected JSON, got NaN/],
    ['says no kind', 'name: a', /:1:1: expected "kind", got nothing: add one of command, script/],
    [
      'has a kind that is not there',
      'kind: comand\nrun: [a]',
      /:1:7: kind: expected one of command, script\b.*, got "comand": did you mean "command"\?/,
    ],
    [
      'lacks the key of its kind',
      'kind: command',
      /:1:1: run: expected a list, got nothing\. Write a list: the program/,
    ],
    ['has a key of another kind', 'run: [a]\nscript: a', /:2:1: script: unknown key/],
    [
      'has a misspelt key',
      'run: [a]\ntimeoutSecond: 5',
      /:2:1: timeoutSecond: unknown key: did you mean "timeoutSeconds"\?/,
    ],
    [
      'has a misspelt inner key',
      'run: [a]\nlog:\n  limitByte: 5',
      /:3:3: log\.limitByte: unknown key: did you mean "limitBytes"\?/,
    ],
    [
      'has a shell line for a command',
      'run: echo hi',
      /:1:6: run: expected a list, got the text "echo hi"\. .*there is no shell/,
    ],
    ['has a number among arguments', 'run: [sleep, 5]', /:1:14: run\.1: expected text, got the number 5/],
    [
      'has text for a number',
      'run: [a]\ntimeoutSeconds: 10m',
      /:2:17: timeoutSeconds: expected a number, got the text "10m"\. Write seconds/,
    ],
    [
      'has a number out of range',
      'run: [a]\ntimeoutSeconds: 0',
      /:2:17: timeoutSeconds: expected more than 0, got the number 0/,
    ],
    [
      'has a word of old YAML',
      'run: [a]\nretrySafe: yes',
      /:2:12: retrySafe: expected true or false, got the text "yes"/,
    ],
    ['has a name that is none', 'run: [a]\nname: "a b"', /:2:7: name: expected 1 to 63 letters/],
    [
      'sets a number as a variable',
      'run: [a]\nenvironment: {PORT: 80}',
      /:2:21: environment\.PORT: expected text, got the number 80/,
    ],
    [
      "sets a variable of the agent's",
      'run: [a]\nenvironment: {FARHAND_X: "1"}',
      /:2:15: environment\.FARHAND_X: expected a name that is not taken/,
    ],
    [
      "inherits the agent's join token",
      'run: [a]\ninherit: [FARHAND_JOIN_TOKEN]',
      /:2:11: inherit\.0: expected a name that is not taken/,
    ],
    [
      'runs what a job says',
      'run: ["${parameters.program}"]',
      /:1:7: run\.0: .*the program itself holds no placeholder/,
    ],
    [
      'works where a job says',
      'run: [a]\nworkingDirectory: /srv/${parameters.x}',
      /:2:19: workingDirectory: .*no placeholders here/,
    ],
    [
      'has a secret among arguments',
      'run: [a, "-p${secrets.db-password}"]',
      /:1:10: run\.1: .*FARHAND_SECRET_DB_PASSWORD$/,
    ],
    [
      'has a placeholder of nothing',
      'run: [a, "${agent.nam}"]',
      /:1:10: run\.1: \$\{agent\.nam\}: unknown placeholder: there is agent\.name, agent\.labels\.<key>/,
    ],
    [
      'has a misspelt root',
      'run: [a, "${parameter.x}"]',
      /:1:10: run\.1: .*did you mean "parameters"\?.*write \$\$\{parameter\.x\}/,
    ],
    [
      'names a parameter that the schema rules out',
      'run: [a, "${parameters.nam}"]\nparameters: {properties: {name: {}}, additionalProperties: false}',
      /:1:10: run\.1: \$\{parameters\.nam\}: the schema allows no parameter "nam": did you mean "name"\?/,
    ],
    [
      'names an inner parameter that the schema rules out',
      'run: [a, "${parameters.db.prt}"]\nparameters: {properties: {db: {properties: {port: {}}, additionalProperties: false}}}',
      /:1:10: run\.1: .*did you mean "port"\?/,
    ],
    [
      'fills in a script',
      'script: |\n  echo ${parameters.x} ${HOME}',
      /:1:9: script: \$\{parameters\.x\}: placeholders are not filled in here/,
    ],
    [
      'has a schema with mistakes',
      'run: [a]\nparameters:\n  properties:\n    port: {type: int}\n    host: {pattern: "(?=a)", format: host}\n  requird: [a]\n  $ref: "https://example.org/schema"',
      /:4:12: parameters\.properties\.port\.type: expected one of array, .*got "int"/,
      /:5:12: parameters\.properties\.host\.pattern: .*RE2/,
      /:5:30: parameters\.properties\.host\.format: expected one of date, /,
      /:6:3: parameters\.requird: unknown keyword: did you mean "required"\?/,
      /:7:3: parameters\.\$ref: expected a place in this schema/,
    ],
    [
      'has parameters that are no object',
      'run: [a]\nparameters: {type: string}',
      /:2:20: parameters\.type: expected "object", got "string"/,
    ],
    [
      'has hooks with mistakes',
      'run: [a]\nbefore: [""]\nafter: ["${parameters.a}", "${secrets.b}", "${agent.nam}"]',
      /:2:10: before\.0: expected a program, got empty text/,
      /:3:9: after\.0: .*the program itself holds no placeholder/,
      /:3:28: after\.1: /,
      /:3:44: after\.2: .*there is agent\.name/,
    ],
    [
      'has hooks that are no lists',
      'run: [a]\nbefore: ./check.sh\nafter: [[a], [b]]\nafterTimeoutSeconds: 0',
      /:2:9: before: expected a list, got the text "\.\/check\.sh"\. Write a list: one program/,
      /:3:9: after\.0: expected text, got a list/,
      /:3:14: after\.1: expected text, got a list/,
      /:4:22: afterTimeoutSeconds: expected more than 0/,
    ],
    [
      'has several at once',
      'runn: [a]\nrun: [a]\nretrySafe: 1\nuser: 7',
      /:1:1: runn/,
      /:3:12: retrySafe/,
      /:4:7: user/,
    ],
  ];
  for (const [title, text, ...expected] of mistakes) {
    test(`that ${title} is told the place and the remedy`, () => {
      const found = readMistakes(text);

      assert.equal(found.length, expected.length, found.join('\n'));
      for (const [at, pattern] of expected.entries()) assert.match(found[at] ?? '', pattern);
    });
  }

  test('may leave open what the parameters hold, and then any placeholder of theirs is fine', () => {
    readAutomation('run: [a, "${parameters.any.thing}"]');
    readAutomation('run: [a, "${parameters.b}"]\nparameters: {properties: {a: {}}}');
    readAutomation(
      'run: [a, "${parameters.b}"]\nparameters: {additionalProperties: false, allOf: [{properties: {b: {}}}]}',
    );
  });
});
