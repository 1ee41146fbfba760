import { test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { runCutSessions } from './rows/cut-sessions.ts';

checkLeaks();

test('a session cut at every byte of a 64 KiB log', async (t) => {
  const bytes = await runCutSessions({ masked: false, every: 1 });

  t.diagnostic(`sessions began at ${bytes} bytes`);
});

test('a session cut in and around secrets, all over a 64 KiB log', async (t) => {
  const bytes = await runCutSessions({ masked: true, every: 4_001 });

  t.diagnostic(`sessions began at ${bytes} bytes`);
});
