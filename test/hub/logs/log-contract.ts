import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { LogStore, LogWriter } from '../../../hub/logs/log-store.ts';
import { systemRandom } from '../../../runtime/random.ts';

/** A place where logs stay when the store that wrote them is gone. */
export interface LogPlace extends AsyncDisposable {
  /** Opens it, as a hub that starts does. */
  open(): Promise<LogStore>;
}

const never = new AbortController().signal;

export async function readAll(
  logs: LogStore,
  attempt: string,
  start = 0,
  end = Number.MAX_SAFE_INTEGER,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of logs.read(attempt, start, end)) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}

async function write(writer: LogWriter, text: string, at = 0): Promise<void> {
  await writer.append(Buffer.from(text, 'latin1'), at);
}

/** What every store of logs promises. */
export function describeLogStore(name: string, makePlace: () => Promise<LogPlace>): void {
  const newAttempt = () => systemRandom.orderedUuid();

  describe(`a log store (${name})`, () => {
    it('has nothing of an attempt that was never written', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();

      assert.equal(await logs.length(attempt), 0);
      assert.equal(await readAll(logs, attempt), '');
      assert.deepEqual(await logs.moments(attempt, 0, 100), []);
    });

    it('has nothing of a log that was removed, whoever wrote it, and begins it anew', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();
      const writer = await logs.write(attempt);
      await write(writer, 'one');
      await writer.flush();
      const reading = logs.read(attempt, 0, 3)[Symbol.asyncIterator]();
      await reading.next();

      await Promise.all([logs.remove(attempt), logs.remove(attempt)]);
      const removed = [await logs.length(attempt), await readAll(logs, attempt), await logs.moments(attempt, 0, 9)];
      await assert.rejects(write(writer, 'two'), { name: 'LogError', code: 'closed' });
      await using next = await logs.write(attempt);
      await write(next, 'anew');
      await next.flush();

      assert.deepEqual(removed, [0, '', []]);
      assert.equal(await readAll(logs, attempt), 'anew');
      assert.equal(await next.digest(), sha256('anew'));
    });

    it('gives back the bytes in the order they were appended, in any range', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();
      const writer = await logs.write(attempt);

      await Promise.all(['one ', 'two ', 'three'].map((text) => write(writer, text)));
      const durable = await writer.flush();

      assert.equal(durable, 13);
      assert.equal(await readAll(logs, attempt), 'one two three');
      assert.equal(await readAll(logs, attempt, 4, 7), 'two');
      assert.equal(await readAll(logs, attempt, 13, 20), '');
      assert.equal(await readAll(logs, attempt, 5, 2), '');
    });

    it('shows bytes only once they are durable', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();
      const writer = await logs.write(attempt);
      await write(writer, 'durable');
      await writer.flush();

      await write(writer, ' not yet');

      assert.equal(await logs.length(attempt), 7);
      assert.equal(writer.durable, 7);
      assert.equal(writer.length, 15);
      assert.equal(await readAll(logs, attempt), 'durable');
    });

    it('answers concurrent flushes with one durable length that covers what was appended before them', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const writer = await logs.write(newAttempt());

      const flushed = await Promise.all(
        Array.from({ length: 50 }, async () => {
          void write(writer, 'x'.repeat(10));
          return writer.flush();
        }),
      );

      assert.equal(Math.max(...flushed), 500);
      flushed.forEach((length, index) => assert.ok(length >= (index + 1) * 10));
    });

    it('keeps a digest of everything appended', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const writer = await logs.write(newAttempt());

      assert.equal(await writer.digest(), sha256(''));
      await Promise.all(['a', 'b'.repeat(100_000), 'c'].map((text) => write(writer, text)));

      assert.equal(await writer.digest(), sha256(`a${'b'.repeat(100_000)}c`));
    });

    it('goes on where it was after a restart, digest and all', async () => {
      await using place = await makePlace();
      const attempt = newAttempt();
      {
        await using logs = await place.open();
        await using writer = await logs.write(attempt);
        await write(writer, 'before ', 1_000);
        await writer.flush();
      }
      await using logs = await place.open();

      const writer = await logs.write(attempt);
      await write(writer, 'after', 5_000);
      await writer.flush();

      assert.equal(await readAll(logs, attempt), 'before after');
      assert.equal(await writer.digest(), sha256('before after'));
      assert.deepEqual(await logs.moments(attempt, 0, 100), [
        { offset: 0, at: 1_000 },
        { offset: 7, at: 5_000 },
      ]);
    });

    it('closes an earlier writer of the same attempt, with what it had', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();
      const earlier = await logs.write(attempt);
      await write(earlier, 'early ');

      const later = await logs.write(attempt);

      await assert.rejects(write(earlier, 'lost'), { name: 'LogError', code: 'closed' });
      await assert.rejects(earlier.flush(), { name: 'LogError', code: 'closed' });
      assert.equal(later.length, 6);
      await write(later, 'late');
      assert.equal(await later.digest(), sha256('early late'));
    });

    it('lets one writer stand when many are opened at once', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();

      const writers = await Promise.all(Array.from({ length: 5 }, () => logs.write(attempt)));
      const outcomes = await Promise.allSettled(writers.map((writer) => write(writer, 'x')));

      assert.deepEqual(
        outcomes.map((outcome) => outcome.status),
        ['rejected', 'rejected', 'rejected', 'rejected', 'fulfilled'],
      );
    });

    it('wakes whoever waits for growth, and nobody else', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();
      const writer = await logs.write(attempt);
      const woken: string[] = [];
      const wait = (name: string, offset: number) => logs.grown(attempt, offset, never).then(() => woken.push(name));
      const first = wait('first', 0);
      const second = wait('second', 5);

      await write(writer, 'abc');
      await writer.flush();
      await first;
      assert.deepEqual(woken, ['first']);

      await write(writer, 'def');
      await writer.flush();
      await second;
      await logs.grown(attempt, 3, never);
    });

    it('stops waiting for growth when the signal aborts or the store is closed', async () => {
      await using place = await makePlace();
      const logs = await place.open();
      const leaving = new AbortController();
      const waiting = Promise.all([
        logs.grown(newAttempt(), 0, leaving.signal),
        logs.grown(newAttempt(), 0, AbortSignal.abort()),
      ]);

      leaving.abort();
      await waiting;
      const last = logs.grown(newAttempt(), 0, never);
      await logs[Symbol.asyncDispose]();

      await last;
    });

    it('notes a moment per tenth of a second at most, and tells those of a range', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();
      const writer = await logs.write(attempt);

      for (const at of [1_000, 1_050, 1_099, 1_100, 1_250, 5_000]) await write(writer, '0123456789', at);
      await writer.flush();
      await write(writer, 'unsaved', 9_000);

      const offsets = async (start: number, end: number) =>
        (await logs.moments(attempt, start, end)).map((moment) => moment.offset);
      assert.deepEqual(await offsets(0, 1_000), [0, 30, 40, 50, 60]);
      assert.deepEqual(await offsets(35, 1_000), [30, 40, 50, 60]);
      assert.deepEqual(await offsets(40, 45), [40]);
      assert.deepEqual(await offsets(15, 20), [0]);
    });

    it('gives a reader exactly the stream, wherever it attaches while it is written', async () => {
      await using place = await makePlace();
      await using logs = await place.open();
      const attempt = newAttempt();
      const lines = Array.from({ length: 400 }, (_, index) => `${index} ${'y'.repeat((index * 37) % 500)}\n`);
      const whole = lines.join('');
      const follow = async (start: number) => {
        let text = '';
        while (start + text.length < whole.length) {
          await logs.grown(attempt, start + text.length, never);
          text += await readAll(logs, attempt, start + text.length);
        }
        return text;
      };

      const followers = [0, 1, 1_000].map(follow);
      let writer = await logs.write(attempt);
      for (const [index, line] of lines.entries()) {
        if (index % 90 === 89) writer = await logs.write(attempt);
        await write(writer, line);
        if (index % 7 === 0) await writer.flush();
        if (index % 100 === 0) followers.push(follow(index));
      }
      await writer.flush();

      const starts = [0, 1, 1_000, 0, 100, 200, 300];
      const texts = await Promise.all(followers);
      texts.forEach((text, index) => assert.equal(text, whole.slice(starts[index])));
      assert.equal(await writer.digest(), sha256(whole));
    });
  });
}
