import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { findSinkGaps } from '../../../agent/executors/process/sink-gaps.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';

const folder = await mkdtemp(join(tmpdir(), 'farhand-gaps-'));
after(() => rm(folder, { recursive: true }));

const limited = { rawBytes: 1_000, limitBytes: 1_000, ofOtherUser: false };
const died = { at: 1_000, bytes: null, why: 'sink-died' };

describe('what a sink dropped', () => {
  for (const [what, record, facts, expected] of [
    ['nothing, where all it counted is there', '0 0\n1000\n', limited, []],
    ['what is behind the limit', '0 1\n1500\n', limited, [{ at: 1_000, bytes: 500, why: 'log-limit' }]],
    [
      'that too where a hook had printed before',
      '200 1\n1500\n',
      limited,
      [{ at: 1_000, bytes: 700, why: 'log-limit' }],
    ],
    [
      'what found no room on the disk, before the limit',
      '0 1\n1500\n',
      { ...limited, rawBytes: 600 },
      [{ at: 600, bytes: 900, why: 'spool-full' }],
    ],
    [
      'what found no room, without a limit',
      '0 1\n1500\n',
      { ...limited, limitBytes: null, ofOtherUser: true },
      [{ at: 1_000, bytes: 500, why: 'spool-full' }],
    ],
    ['nobody knows what, where it was killed', '0 137\n1500\n', limited, [died]],
    ['nobody knows what, where it did not count', '0 0\n', limited, [died]],
    ['nobody knows what, where the record is forged', '0 0\n99999999999999999999\n', limited, [died]],
    ['nothing, where there is none', '', { ...limited, limitBytes: null }, []],
  ] as const)
    it(`is ${what}`, async () => {
      await writeFile(join(folder, 'sink'), record.padEnd(48));

      assert.deepEqual(await findSinkGaps(systemFileSystem, folder, facts), expected);
    });
});
