import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runFixture } from './run-fixture.ts';

it('the leak check fails exactly the tests that leave something open, and names what', { skip: skipReason() }, () => {
  const { output: whole } = runFixture('leaking.ts');
  const [output = ''] = whole.split('failed, once more:');

  const failed = [...output.matchAll(/^✗ (leaves .*) \(/gm)].map(([, title]) => title);
  const left = [...output.matchAll(/it left: (\S+)/gm)].map(([, kind]) => kind);
  assert.deepEqual(failed, [
    'leaves a server',
    'leaves a file',
    'leaves a grandchild in a session of its own',
    'leaves a timer',
  ]);
  assert.deepEqual(left, ['TCPServerWrap', 'file', 'process', 'Timeout']);
  assert.match(whole, /\n2 passed, 4 failed\n$/);
});

function skipReason(): string | false {
  return process.platform === 'linux' ? false : 'files and grandchildren are found through /proc';
}
