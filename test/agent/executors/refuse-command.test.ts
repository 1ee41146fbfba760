import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PreparedCommand } from '../../../agent/automations/prepared-command.ts';
import { refuseCommand } from '../../../agent/executors/process/refuse-command.ts';
import { toRunAsArguments } from '../../../agent/executors/process/run-as.ts';

const user = { name: 'ann', uid: 1001, gid: 1002, home: '/home/ann' };
const runAs = { user, folder: '/tmp' };
const plain: PreparedCommand = { argv: ['true'], environment: {}, workingDirectory: '/', files: [] };

describe('a command is refused', () => {
  for (const [what, given] of [
    ['with half a character in an argument', { argv: ['echo', 'a\ud800'] }],
    ['with half a character in a variable', { environment: { A: '\udc00' } }],
    ['with half a character in the name of a file', { files: [{ name: '\ud800', content: '', executable: false }] }],
  ] as const)
    it(what, () => {
      assert.equal(refuseCommand({ ...plain, ...given } as PreparedCommand)?.fault, 'command');
      assert.equal(refuseCommand(plain), null);
    });

  for (const name of ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'GCONV_PATH', 'BASH_ENV', 'ENV', 'MALLOC_TRACE'])
    it(`with ${name} where it runs as another user, and only there`, () => {
      const steered = { ...plain, environment: { [name]: '/tmp/evil' } };

      assert.equal(refuseCommand({ ...steered, runAs })?.fault, 'command');
      assert.equal(refuseCommand(steered), null);
    });
});

describe('a command of another user', () => {
  it('is given the user, its groups and no way to more, by root', (context) => {
    const words = toRunAsArguments(plain, runAs, '/bin/sh');
    if (words === null) return context.skip('needs setpriv');

    const at = words.indexOf('--reuid=1001');
    const privileges = ['--reuid=1001', '--regid=1002', '--init-groups', '--no-new-privs', '--'];
    assert.deepEqual(words.slice(at, at + privileges.length), privileges);
    assert.match(words.at(-1) ?? '', /\/true$/);
  });
});
