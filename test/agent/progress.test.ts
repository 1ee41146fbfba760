import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Progress } from '../../protocol/progress.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

/** Every word of progress that came, in order, and the session it came by. */
function listen(place: AgentPlace): { readonly progress: Progress; readonly session: unknown }[] {
  const heard: { progress: Progress; session: unknown }[] = [];
  place.hub.intercept = (frame, session) => {
    if (frame.type === 'progress') {
      const { type: _, ...progress } = frame;
      heard.push({ progress, session });
    }
    return false;
  };
  return heard;
}

async function untilHeard(place: AgentPlace, heard: ReturnType<typeof listen>, percent: number): Promise<Progress> {
  const find = () => heard.findLast(({ progress }) => progress.percent === percent)?.progress;
  await place.hub.until(() => find() !== undefined, `progress ${percent}`);
  return find() as Progress;
}

test('What a program appends to its file of progress is told while it runs, in either form, and the newest counts', async () => {
  await using place = await createAgentPlace();
  const heard = listen(place);
  await place.start();

  const run = `
    echo '10 begun' >> "$FARHAND_PROGRESS"; ${waitFor('first')}
    echo '20 half done' >> "$FARHAND_PROGRESS"
    printf '%s\\n' '{"percent": 30, "message": "a\\tb", "outputs": {"files": 3}}' >> "$FARHAND_PROGRESS"
    printf '{"percent": 99, "message": "no newline yet' >> "$FARHAND_PROGRESS"; ${waitFor('second')}
    echo '40 anew' > "$FARHAND_PROGRESS"; ${waitFor('third')}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });

  assert.deepEqual(await untilHeard(place, heard, 10), { percent: 10, message: 'begun', outputs: null });
  await place.open('first');
  assert.deepEqual(await untilHeard(place, heard, 30), { percent: 30, message: 'a b', outputs: { files: 3 } });
  await place.open('second');
  await untilHeard(place, heard, 40);
  await place.open('third');
  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
  assert.deepEqual(
    heard.map(({ progress }) => progress.percent).filter((percent) => percent === 99),
    [],
  );
});

test('A line of the log tells progress too, and stays in the log', async () => {
  await using place = await createAgentPlace();
  const heard = listen(place);
  await place.start();

  const id = place.hub.offer({
    automation: 'sh',
    parameters: { run: `echo before; echo '::progress 55::copying: é'; echo after; ${waitFor('go')}` },
  });

  assert.deepEqual(await untilHeard(place, heard, 55), { percent: 55, message: 'copying: é', outputs: null });
  await place.open('go');
  await place.hub.result(id);
  assert.equal(place.hub.log(id).toString(), 'before\n::progress 55::copying: é\nafter\n');
});

test('No secret is in a word of progress: neither of the log, nor of the file, nor of outputs so far', async () => {
  await using place = await createAgentPlace();
  const heard = listen(place);
  await place.start();

  const run = `
    echo "::progress 10::with $FARHAND_SECRET_WORD"; ${waitFor('first')}
    echo "20 with $FARHAND_SECRET_WORD" >> "$FARHAND_PROGRESS"; ${waitFor('second')}
    echo "{\\"percent\\": 30, \\"message\\": \\"\\\\u0068unter2-long\\", \\"outputs\\": {\\"a\\": [\\"$FARHAND_SECRET_WORD\\"]}}" >> "$FARHAND_PROGRESS"; ${waitFor('third')}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run }, secrets: { word: 'hunter2-long' } });

  assert.equal((await untilHeard(place, heard, 10)).message, 'with ***');
  await place.open('first');
  assert.equal((await untilHeard(place, heard, 20)).message, 'with ***');
  await place.open('second');
  assert.deepEqual(await untilHeard(place, heard, 30), { percent: 30, message: '***', outputs: { a: ['***'] } });
  await place.open('third');
  await place.hub.result(id);
});

for (const { how, run } of [
  { how: 'its file', run: `echo '35 here' >> "$FARHAND_PROGRESS"` },
  { how: 'a line of its log', run: `echo '::progress 35::here'; head -c 30000 /dev/zero | tr '\\0' x` },
]) {
  test(`Progress by ${how} is told again on a new session, and by a new agent that adopts the job`, async () => {
    await using place = await createAgentPlace();
    const heard = listen(place);
    const agent = await place.start();
    const id = place.hub.offer({ automation: 'sh', parameters: { run: `${run}; ${waitFor('go')}` } });
    await untilHeard(place, heard, 35);

    await place.hub.session(id)?.close();
    await place.hub.until(() => new Set(heard.map(({ session }) => session)).size === 2, 'the same on another session');
    await agent[Symbol.asyncDispose]();
    await place.start();
    await place.hub.until(() => new Set(heard.map(({ session }) => session)).size === 3, 'the same by another agent');

    await place.open('go');
    assert.equal((await place.hub.result(id)).outcome, 'succeeded');
    assert.deepEqual([...new Set(heard.map(({ progress }) => progress.message))], ['here']);
  });
}

test('A program that tells of progress without pause is heard now and then, and its last word while it runs arrives', async () => {
  await using place = await createAgentPlace();
  const heard = listen(place);
  await place.start();

  const loop = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo "::progress 1::$i"; done; echo "::progress 2::last"';
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `${loop}; ${waitFor('go')}` } });
  await untilHeard(place, heard, 2);
  await place.open('go');
  await place.hub.result(id);

  assert.ok(heard.length < 200, `20001 lines and ${heard.length} words`);
});

test('What a job puts in the place of its file of progress is not followed, and does it no harm', async () => {
  await using place = await createAgentPlace();
  const heard = listen(place);
  await place.start();
  const precious = join(place.root, 'precious');
  await writeFile(precious, '50 not for you\n');

  const plants = [
    `ln -s ${precious} "$FARHAND_PROGRESS"`,
    'mkfifo "$FARHAND_PROGRESS"',
    'mkdir "$FARHAND_PROGRESS"',
    'head -c 300000 /dev/zero > "$FARHAND_PROGRESS"',
    'seq -f "none %g" 100000 > "$FARHAND_PROGRESS"',
    `printf '{"percent": 50, "outputs": {"a": "%s"}}\\n' "$(head -c 66000 /dev/zero | tr '\\0' x)" > "$FARHAND_PROGRESS"`,
  ];
  for (const plant of plants) {
    const id = place.hub.offer({
      automation: 'sh',
      parameters: { run: `${plant}; sleep 0.3; echo '::progress 7::${plants.indexOf(plant)}'; sleep 0.3` },
    });
    const result = await place.hub.result(id);
    assert.equal(result.outcome, 'succeeded', plant);
  }

  assert.deepEqual(
    heard.map(({ progress }) => progress.percent).filter((percent) => percent !== 7),
    [],
  );
});
