import assert from 'node:assert/strict';
import { it } from 'node:test';
import { toLogError } from '../../../hub/logs/errors.ts';
import { LogError } from '../../../hub/logs/log-error.ts';

it('What the file system says is told in the words of the store of logs', () => {
  const codeOf = (code: string) => toLogError(Object.assign(new Error('no'), { code }), 'a').code;
  const own = new LogError('closed', 'closed');

  assert.deepEqual(['ENOSPC', 'EDQUOT', 'EFBIG'].map(codeOf), ['full', 'full', 'full']);
  assert.deepEqual(['EIO', 'EROFS', 'ENOENT'].map(codeOf), ['broken', 'broken', 'broken']);
  assert.equal(toLogError('what?', 'a').code, 'broken');
  assert.equal(toLogError(own, 'a'), own);
});
