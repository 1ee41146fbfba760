import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findUser, findUserFault } from '../../../agent/automations/job-user.ts';
import { findProgram } from '../../../agent/executors/process/find-program.ts';
import { readAutomation, readMistakes } from './sample.ts';

const isRoot = process.geteuid?.() === 0;
const skip = isRoot ? false : 'only root can run jobs as another user';

describe("An automation's user", () => {
  test('that the machine has is taken, with its ids and its home', { skip }, () => {
    const { user } = readAutomation('run: [a]\nuser: nobody');
    const found = findUser('nobody');

    assert.equal(user, 'nobody');
    const ids = ['-u', '-g'].map((what) => Number(execFileSync('id', [what, 'nobody'], { encoding: 'utf8' })));
    assert.deepEqual([found?.uid, found?.gid], ids);
    assert.ok(found?.home.startsWith('/'));
  });

  for (const name of ['nobody-of-this-name', '-help', 'a b', '../etc', '0']) {
    test(`called ${JSON.stringify(name)} is a mistake of the file, with the place and the remedy`, { skip }, () => {
      const [mistake = ''] = readMistakes(`run: [a]\nuser: ${JSON.stringify(name)}`);

      assert.match(mistake, /:2:7: user: expected the name of a user of this machine, got ".*": make that user/);
    });
  }

  test('is a mistake where the agent is not root', () => {
    if (isRoot) process.seteuid?.(65534);
    try {
      const [mistake = ''] = readMistakes('run: [a]\nuser: nobody');

      assert.match(mistake, /:2:7: user: only an agent that runs as root can .* this one runs as uid \d+/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test('is a mistake where the agent was started without a capability that it takes', { skip }, () => {
    const module = join(import.meta.dirname, '../../../agent/automations/job-user.ts');
    const print = 'import(process.argv[1]).then((module) => console.log(module.findUserFault("nobody")))';
    const lacking = ['--bounding-set=-sys_ptrace,-kill', process.execPath, '-e', print, module];
    const setpriv = findProgram('setpriv', { path: undefined, workingDirectory: '/' }) ?? '';
    const fault = execFileSync(setpriv, lacking, { encoding: 'utf8' });

    assert.match(fault, /capabilities that it was started without: KILL, SYS_PTRACE \(.*--cap-add KILL --cap-add SYS/);
    assert.equal(findUserFault('nobody'), null);
  });
});
