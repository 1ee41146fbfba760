import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkLeaks } from '../../support/leak-check.ts';
import { until } from '../../support/turns.ts';
import { type ApiHarness, startApi } from './api-harness.ts';
import { enrolAgent, startAttempt, submitJob } from './job-run.ts';

checkLeaks();

async function startJob(api: ApiHarness, body: object = { automation: 'greet' }) {
  const agent = await enrolAgent(api, `a${Math.random().toString(36).slice(2)}`);
  const id = await submitJob(api, body);
  return { id, agent, path: `/api/v1/jobs/${id}/log`, run: await startAttempt(api, id, agent) };
}

async function follow(api: ApiHarness, path: string): Promise<string> {
  const response = await api.fetch(`${path}?follow=true`);
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer()).toString('latin1');
}

describe('the log of a job', () => {
  it('is empty before there is one', async () => {
    await using api = await startApi();
    const id = await submitJob(api);

    const answer = await api.call(`/api/v1/jobs/${id}/log`);

    assert.deepEqual([answer.status, answer.text, answer.headers.get('content-length')], [200, '', '0']);
    assert.equal((await api.call(`/api/v1/jobs/${id}/log`, { headers: { range: 'bytes=0-' } })).status, 416);
  });

  it('comes as bytes that no browser takes for a page', async () => {
    await using api = await startApi();
    const { path, run } = await startJob(api);
    await run.write('<script>\xff\x00</script>');
    await run.end();

    const answer = await api.fetch(path);

    assert.deepEqual(Buffer.from(await answer.arrayBuffer()).toString('latin1'), '<script>\xff\x00</script>');
    assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(answer.headers.get('accept-ranges'), 'bytes');
  });

  it('is given in any one range', async () => {
    await using api = await startApi();
    const { path, run } = await startJob(api);
    await run.write('0123456789');
    const get = async (range: string) => {
      const { status, text, headers, json } = await api.call(path, { headers: { range } });
      return [status, json?.code ?? text, headers.get('content-range')];
    };

    assert.deepEqual(await get('bytes=2-4'), [206, '234', 'bytes 2-4/10']);
    assert.deepEqual(await get('bytes=7-'), [206, '789', 'bytes 7-9/10']);
    assert.deepEqual(await get('bytes=-3'), [206, '789', 'bytes 7-9/10']);
    assert.deepEqual(await get('bytes=-99'), [206, '0123456789', 'bytes 0-9/10']);
    assert.deepEqual(await get('bytes=5-99'), [206, '56789', 'bytes 5-9/10']);
    assert.deepEqual(await get('bytes=0-0'), [206, '0', 'bytes 0-0/10']);
    assert.deepEqual(await get('bytes=10-'), [416, 'range-not-satisfiable', 'bytes */10']);
    assert.deepEqual(await get('bytes=-0'), [416, 'range-not-satisfiable', 'bytes */10']);
    assert.deepEqual(await get('bytes=0-1,4-5'), [416, 'range-not-satisfiable', 'bytes */10']);
    for (const range of [
      'bytes=4-2',
      'bytes=',
      'bytes=a-b',
      'bytes=-',
      'lines=1-2',
      'bytes 1-2',
      'bytes=1-2-3',
      '1-2',
    ]) {
      assert.deepEqual(await get(range), [400, 'header-invalid', null], range);
    }
    const timed = await api.call(`${path}?timestamps=true`, { headers: { range: 'bytes=0-' } });
    const followed = await api.call(`${path}?follow=true`, { headers: { range: 'bytes=0-' } });
    assert.deepEqual([timed.status, followed.status], [400, 400]);
    await run.end();
  });

  it('refuses what its query cannot mean', async () => {
    await using api = await startApi();
    const { path, run } = await startJob(api);

    for (const query of [
      'follow=maybe',
      'follow=true&follow=true',
      'offset=5',
      'follow=true&offset=-1',
      'lines=5',
      'follow=true&timestamps=true&offset=5',
    ]) {
      const answer = await api.call(`${path}?${query}`);
      assert.deepEqual([answer.status, answer.json?.code], [400, 'query-invalid'], query);
    }
    await run.end();
  });

  it('has a time before each line when asked', async () => {
    await using api = await startApi();
    const { path, run } = await startJob(api);
    const at = (second: number) => Date.UTC(2030, 0, 1, 12, 0, second);
    for (const [text, second] of [
      ['one\ntw', 1],
      ['o\n', 2],
      ['three', 3],
      ['\n\nsix', 4],
    ] as const) {
      await run.write(text, at(second));
    }

    const time = (second: number) => new Date(at(second)).toISOString();
    const expected = `${time(1)} one\n${time(1)} two\n${time(3)} three\n${time(4)} \n${time(4)} six`;
    assert.equal((await api.call(`${path}?timestamps=true`)).text, expected);

    const following = api.call(`${path}?timestamps=true&follow=true`);
    await run.write(' and seven\n', at(9));
    await run.end();
    assert.equal((await following).text, `${expected} and seven\n`);
  });
});

describe('a reader that follows a log', () => {
  it('waits for a job that has not begun, and is done when it has ended', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const id = await submitJob(api);
    const following = follow(api, `/api/v1/jobs/${id}/log`);

    const run = await startAttempt(api, id, agent);
    await run.write('hello ');
    await run.write('world');
    await run.end();

    assert.equal(await following, 'hello world');
  });

  it('is done at once when the job has ended, or ends without an attempt', async () => {
    await using api = await startApi();
    const { path, run } = await startJob(api);
    await run.write('all of it');
    await run.end();
    const waiting = await submitJob(api);
    const following = follow(api, `/api/v1/jobs/${waiting}/log`);

    await api.call(`/api/v1/jobs/${waiting}/cancel`, { method: 'POST' });

    assert.equal(await following, '');
    assert.equal(await follow(api, path), 'all of it');
  });

  it('gets the head of the answer before the first byte of the log', async () => {
    await using api = await startApi();
    const { path, run } = await startJob(api);

    const response = await api.fetch(`${path}?follow=true`);

    assert.equal(response.status, 200);
    await run.end();
    assert.equal(await response.text(), '');
  });

  it('goes on at the offset it asks for', async () => {
    await using api = await startApi();
    const { path, run } = await startJob(api);
    await run.write('0123456789');

    const response = await api.fetch(`${path}?follow=true&offset=7`);
    await run.write('abc');
    await run.end();

    assert.equal(await response.text(), '789abc');
  });

  it('sees exactly the bytes of the whole log, wherever it attaches and however the log is cut', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.nat(70_000), attaches: fc.boolean(), pause: fc.nat(3) }), { maxLength: 20 }),
        async (pieces) => {
          const id = await submitJob(api);
          const path = `/api/v1/jobs/${id}/log`;
          const followers = [follow(api, path)];
          const run = await startAttempt(api, id, agent);
          for (const [index, { size, attaches, pause }] of pieces.entries()) {
            await run.write(String.fromCharCode(65 + (index % 26)).repeat(size));
            if (attaches) followers.push(follow(api, path));
            for (let turns = 0; turns < pause; turns++) await new Promise((resolve) => setImmediate(resolve));
          }
          const ending = run.end();
          followers.push(follow(api, path));
          await ending;
          followers.push(follow(api, path));

          const whole = (await api.call(path)).text;
          assert.equal(
            whole.length,
            pieces.reduce((sum, { size }) => sum + size, 0),
          );
          for (const text of await Promise.all(followers))
            assert.ok(text === whole, `${text.length} of ${whole.length}`);
        },
      ),
      { numRuns: 25 },
    );
    assert.deepEqual(api.complaints, []);
  });

  it('is broken off when the job is tried again after it had some of the first try', async () => {
    await using api = await startApi();
    const { id, agent, path, run } = await startJob(api, {
      automation: 'greet',
      retry: { limit: 1, on: ['exit-code'] },
    });
    await run.write('first');
    const response = await api.fetch(`${path}?follow=true`);
    const reader = response.body?.getReader();
    assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'first');

    await run.end({ outcome: 'failed', exitCode: 1 });
    const rest = assert.rejects(async () => reader?.read(), { name: 'TypeError' });
    const second = await startAttempt(api, id, agent);
    await rest;

    const again = follow(api, path);
    await second.write('second');
    await second.end();
    assert.equal(await again, 'second');
  });

  it('that leaves is forgotten at once', async () => {
    await using api = await startApi({ followers: 1 });
    const { path, run } = await startJob(api);
    const leaving = new AbortController();
    const first = await api.fetch(`${path}?follow=true`, { signal: leaving.signal });

    const refused = await api.call(`${path}?follow=true`);
    assert.deepEqual([refused.status, refused.json?.code], [429, 'too-many']);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.equal((await api.call(path)).status, 200);

    leaving.abort();
    await assert.rejects(first.text(), { name: 'AbortError' });
    let status = 429;
    const retried = new AbortController();
    while (status === 429) {
      const response = await api.fetch(`${path}?follow=true`, { signal: retried.signal });
      status = response.status;
      if (status === 429) await response.text();
    }
    assert.equal(status, 200);
    retried.abort();
    await run.end();
  });

  it('leaves room for those of other accounts, however many of its own there are', async () => {
    await using api = await startApi({ followers: 4 });
    const leaving = new AbortController();
    const { path, run } = await startJob(api);
    const red = await api.makeToken('viewer', 'red');
    const follows = async (place: string, token: string) =>
      (await api.fetch(place, { token, signal: leaving.signal })).status;
    const { viewer } = api.tokens;

    const mine = [];
    for (let each = 0; each < 3; each++) mine.push(await follows(`${path}?follow=true`, viewer));
    const others = [];
    for (let each = 0; each < 3; each++) others.push(await follows('/api/v1/events', red));

    assert.deepEqual(mine, [200, 200, 429]);
    assert.deepEqual(others, [200, 200, 429]);
    leaving.abort();
    await run.end();
  });

  it('that takes nothing holds little memory, delays nobody, and is hung up on', async () => {
    await using api = await startApi({ stallMs: 400 });
    const { path, run } = await startJob(api);
    const whole = 'x'.repeat(20 * 1024 * 1024);
    await run.write(whole);
    const before = process.memoryUsage().arrayBuffers;

    let received = 0;
    let open = 20;
    const { connect } = await import('node:net');
    const sockets = Array.from({ length: open }, () => {
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
      socket.write(`GET ${path}?follow=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens.viewer}\r\n\r\n`);
      socket.once('data', (bytes) => {
        received += bytes.length;
        socket.pause();
      });
      socket.on('error', () => {});
      socket.on('close', () => open--);
      return socket;
    });
    await until(() => received > 0, 'the first bytes');
    const quick = follow(api, path);
    const held = process.memoryUsage().arrayBuffers - before;
    await run.end();
    assert.equal((await quick).length, whole.length);
    assert.ok(held < 60 * 1024 * 1024, `20 stalled readers of 20 MiB hold ${Math.round(held / 1024 / 1024)} MiB`);

    // A socket that is not read does not see that the other side hung up: read on once that must have happened.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const socket of sockets) {
      socket.on('data', (bytes) => {
        received += bytes.length;
      });
      socket.resume();
    }
    while (open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(received < 20 * whole.length, 'none of them got all');
  });

  it('is let go when the hub closes', async () => {
    const api = await startApi();
    const { path } = await startJob(api);
    const response = await api.fetch(`${path}?follow=true`);
    const events = await api.fetch('/api/v1/events');

    await api[Symbol.asyncDispose]();

    await assert.rejects(response.text(), { name: 'TypeError' });
    await assert.rejects(events.text(), { name: 'TypeError' });
  });
});
