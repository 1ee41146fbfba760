import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Problem } from '../../../protocol/problem.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type Answer, type ApiHarness, type Call, startApi, toSummary } from './api-harness.ts';
import { submitJob } from './job-run.ts';

checkLeaks();

interface BadRequest {
  readonly title: string;
  readonly path?: string;
  readonly call: Call;
  readonly status: number;
  readonly code: string;
  /** One of the places that the problem must name. */
  readonly pointer?: string;
}

const jobs = '/api/v1/jobs';
const nobody = systemRandom.uuid();
const job = (fields: object): Call => ({ body: { automation: 'greet', ...fields } });
const text = (raw: string | Uint8Array<ArrayBuffer>): Call => ({ raw });

function wrong(fields: object, pointer: string): Omit<BadRequest, 'title'> {
  return { call: job(fields), status: 422, code: 'request-invalid', pointer };
}

function query(path: string, code = 'query-invalid'): Omit<BadRequest, 'title'> {
  return { path, call: {}, status: 400, code };
}

function notJson(raw: string | Uint8Array<ArrayBuffer>): Omit<BadRequest, 'title'> {
  return { call: text(raw), status: 400, code: 'json-invalid' };
}

function header(headers: Record<string, string>, path = jobs): Omit<BadRequest, 'title'> {
  const call = path === jobs ? { ...job({}), headers } : { headers };
  return { path, call, status: 400, code: 'header-invalid' };
}

function missing(path: string, call: Call = {}): Omit<BadRequest, 'title'> {
  return { path, call, status: 404, code: 'not-found' };
}

const refused: readonly BadRequest[] = [
  { title: 'half an object', ...notJson('{"automation": "greet"') },
  { title: 'words', ...notJson('run greet') },
  { title: 'bytes that are not UTF-8', ...notJson(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)) },
  { title: 'a name twice', ...notJson('{"automation":"greet","automation":"other"}') },
  { title: 'a name twice, written otherwise', ...notJson('{"parameters":{"a":1,"\\u0061":2},"automation":"greet"}') },
  { title: 'a million brackets', ...notJson(`{"automation":"greet","parameters":${'['.repeat(1_000_000)}`) },
  { title: 'deep JSON', ...notJson(`{"automation":"greet","parameters":{"a":${'['.repeat(70)}${']'.repeat(70)}}}`) },
  { title: 'NaN', ...notJson('{"automation":"greet","priority":NaN}') },

  { title: 'no body', call: { method: 'POST' }, status: 422, code: 'request-invalid', pointer: '/automation' },
  { title: 'an empty body', call: text(''), status: 422, code: 'request-invalid', pointer: '/automation' },
  { title: 'null', call: text('null'), status: 422, code: 'request-invalid', pointer: '' },
  { title: 'an array', call: text('[]'), status: 422, code: 'request-invalid', pointer: '' },
  { title: 'a string', call: text('"greet"'), status: 422, code: 'request-invalid', pointer: '' },
  { title: 'no automation', call: { body: {} }, status: 422, code: 'request-invalid', pointer: '/automation' },
  {
    title: 'an automation that is a number',
    call: { body: { automation: 7 } },
    status: 422,
    code: 'request-invalid',
    pointer: '/automation',
  },
  { title: 'an automation that is a path', ...wrong({ automation: '../etc' }, '/automation') },
  { title: 'an automation of 64 characters', ...wrong({ automation: 'x'.repeat(64) }, '/automation') },
  { title: 'an unknown key', ...wrong({ paramters: {} }, '/paramters') },
  { title: 'an unknown key in retry', ...wrong({ retry: { times: 1 } }, '/retry/times') },
  {
    title: '__proto__',
    call: text('{"automation":"greet","__proto__":{"x":1}}'),
    status: 422,
    code: 'request-invalid',
    pointer: '/__proto__',
  },
  {
    title: '__proto__ in parameters',
    call: text('{"automation":"greet","parameters":{"a":{"__proto__":1}}}'),
    status: 422,
    code: 'request-invalid',
    pointer: '/parameters/a/__proto__',
  },
  { title: 'parameters that are a list', ...wrong({ parameters: [] }, '/parameters') },
  { title: 'parameters that are text', ...wrong({ parameters: 'a=b' }, '/parameters') },
  { title: 'NUL in a parameter', ...wrong({ parameters: { a: 'x\0y' } }, '/parameters/a') },
  { title: 'NUL in the name of a parameter', ...wrong({ parameters: { 'a\0b': 1 } }, '/parameters/a\0b') },
  {
    title: 'half a surrogate pair',
    call: text('{"automation":"greet","parameters":{"a":"\\ud800"}}'),
    status: 422,
    code: 'request-invalid',
    pointer: '/parameters/a',
  },
  { title: 'a secret that is a number', ...wrong({ secrets: { a: 1 } }, '/secrets/a') },
  { title: 'a secret that is too long', ...wrong({ secrets: { a: 'x'.repeat(121 * 1024) } }, '/secrets/a') },
  { title: 'a secret with NUL', ...wrong({ secrets: { a: 'x\0' } }, '/secrets/a') },
  { title: 'a secret with = in its name', ...wrong({ secrets: { 'a=b': 'x' } }, '/secrets/a=b') },
  {
    title: 'too many secrets',
    ...wrong({ secrets: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`s${i}`, 'x'])) }, '/secrets'),
  },
  {
    title: 'too many labels',
    ...wrong({ labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, 'x'])) }, '/labels'),
  },
  { title: 'a bad selector', ...wrong({ selector: 'site in (ams' }, '/selector') },
  { title: 'a selector that is too long', ...wrong({ selector: 'a'.repeat(5000) }, '/selector') },
  { title: 'a bad label key', ...wrong({ labels: { '-x': 'y' } }, '/labels/-x') },
  { title: 'a bad label value', ...wrong({ labels: { x: 'a b' } }, '/labels/x') },
  { title: 'a priority out of range', ...wrong({ priority: 1001 }, '/priority') },
  { title: 'a priority with a fraction', ...wrong({ priority: 0.5 }, '/priority') },
  { title: 'no time at all', ...wrong({ timeoutSeconds: 0 }, '/timeoutSeconds') },
  { title: 'a time that is text', ...wrong({ timeoutSeconds: '60' }, '/timeoutSeconds') },
  { title: 'an expiry in the past', ...wrong({ expiresInSeconds: -1 }, '/expiresInSeconds') },
  { title: 'a retry for an unknown cause', ...wrong({ retry: { limit: 1, on: ['weather'] } }, '/retry/on/0') },
  {
    title: 'a retry for a cause that is none of the machine',
    ...wrong({ retry: { limit: 1, on: ['cancelled'] } }, '/retry/on/0'),
  },
  {
    title: 'parameters that the automation does not take',
    call: { body: { automation: 'strict', parameters: { name: 7 } } },
    status: 422,
    code: 'parameters-invalid',
    pointer: '/parameters/name',
  },

  {
    title: 'a body of 3 MiB',
    call: job({ parameters: { a: 'x'.repeat(3 * 1024 * 1024) } }),
    status: 413,
    code: 'too-large',
  },
  {
    title: 'a form',
    call: { raw: 'automation=greet', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    title: 'a media type that is none',
    call: { raw: '{}', headers: { 'content-type': ';;' } },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    title: 'Latin-1',
    call: { raw: '{}', headers: { 'content-type': 'application/json; charset=latin1' } },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    title: 'a compressed body',
    call: { raw: '{}', headers: { 'content-encoding': 'gzip' } },
    status: 415,
    code: 'unsupported-media-type',
  },
  { title: 'an idempotency key that is too long', ...header({ 'idempotency-key': 'k'.repeat(256) }) },
  { title: 'an idempotency key with a space', ...header({ 'idempotency-key': 'a b' }) },
  { title: 'an idempotency key that is empty', ...header({ 'idempotency-key': '' }) },

  { title: 'a limit of 0', ...query(`${jobs}?limit=0`) },
  { title: 'a limit that is too high', ...query(`${jobs}?limit=501`) },
  { title: 'a limit that is a word', ...query(`${jobs}?limit=many`) },
  { title: 'two limits', ...query(`${jobs}?limit=1&limit=2`) },
  { title: 'an unknown state', ...query(`${jobs}?state=done`) },
  { title: 'an unknown query key', ...query(`${jobs}?sort=name`) },
  { title: 'a query key that is __proto__', ...query(`${jobs}?__proto__=x`) },
  { title: 'a label without a value', ...query(`${jobs}?label=site`) },
  { title: 'a label that cannot be one', ...query(`${jobs}?label=-a=b`) },
  { title: 'an automation that cannot be one', ...query(`${jobs}?automation=a/b`) },
  { title: 'a cursor that is none', ...query(`${jobs}?cursor=hello`, 'cursor-invalid') },
  { title: 'a cursor of another list', ...query('/api/v1/agents?cursor=%00', 'cursor-invalid') },
  { title: 'an empty cursor', ...query(`${jobs}?cursor=`, 'cursor-invalid') },
  { title: 'a query where none belongs', ...query(`${jobs}/${nobody}?follow=true`) },

  { title: 'a job that is not there', ...missing(`${jobs}/${nobody}`) },
  { title: 'an id that is no id', ...missing(`${jobs}/42`) },
  { title: 'an id that is a path', ...missing(`${jobs}/..%2f..%2fetc%2fpasswd`) },
  { title: 'an id that is very long', ...missing(`${jobs}/${'a'.repeat(500)}`) },
  { title: 'a log of a job that is not there', ...missing(`${jobs}/${nobody}/log`) },
  { title: 'a followed log of a job that is not there', ...missing(`${jobs}/${nobody}/log?follow=true`) },
  { title: 'attempts of a job that is not there', ...missing(`${jobs}/${nobody}/attempts`) },
  { title: 'attempt 0', ...missing(`${jobs}/${nobody}/attempts/0/log`) },
  { title: 'a cancel of a job that is not there', ...missing(`${jobs}/${nobody}/cancel`, { method: 'POST' }) },
  { title: 'an agent that is not there', ...missing('/api/v1/agents/nobody') },
  { title: 'an agent whose name cannot be one', ...missing('/api/v1/agents/a%20b') },
  { title: 'events of a job that is not there', ...missing(`${jobs}/${nobody}/events`) },
  { title: 'an unknown path', ...missing('/api/v1/jbos') },
  { title: 'an unknown path outside the API', ...missing('/admin') },
  { title: 'another version of the API', ...missing('/api/v2/jobs') },
  { title: 'a percent sign that stands for nothing', ...missing('/api/v1/jobs/%zz') },

  {
    title: 'a method that the path does not take',
    path: jobs,
    call: { method: 'DELETE' },
    status: 405,
    code: 'method-not-allowed',
  },
  {
    title: 'a method that nothing takes',
    path: jobs,
    call: { method: 'PROPFIND' },
    status: 405,
    code: 'method-not-allowed',
  },
  {
    title: 'a method that nothing takes and that has a body by nature',
    path: jobs,
    call: { method: 'QUERY' },
    status: 405,
    code: 'method-not-allowed',
  },
  {
    title: 'a body of another type where nothing is',
    path: '/api/v1/nothing',
    call: { method: 'POST', raw: 'x', headers: { 'content-type': 'text/plain' } },
    status: 404,
    code: 'not-found',
  },
  {
    title: 'a note that is a number',
    path: '/api/v1/agents/a1/drain',
    call: { body: { note: 1 } },
    status: 403,
    code: 'not-allowed',
  },
];

function assertProblem(answer: Answer, expected: { readonly status: number; readonly code: string }): Problem {
  assert.equal(`${answer.status} ${answer.json?.code}`, `${expected.status} ${expected.code}`, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  const problem = Problem.parse(answer.json);
  assert.equal(problem.status, answer.status);
  assert.doesNotMatch(answer.text, /node_modules|\.ts:\d|\\n\s+at /, 'no stack is shown');
  return problem;
}

describe('a request that is not what the API takes', () => {
  it(`is answered by one clear problem, in ${refused.length} kinds`, async () => {
    await using api = await startApi();
    api.view.offer('default', [
      toSummary('strict', { type: 'object', properties: { name: { type: 'string' } }, additionalProperties: false }),
    ]);

    for (const { title, path = jobs, call, status, code, pointer } of refused) {
      const answer = await api.call(path, call);
      try {
        const problem = assertProblem(answer, { status, code });
        if (pointer !== undefined) {
          assert.ok(
            problem.errors?.some((error) => error.pointer === pointer),
            `expected a word on ${pointer}: ${answer.text}`,
          );
        }
        assert.notEqual(problem.detail, '');
      } catch (error) {
        throw new Error(`${title}: ${String(error)}`, { cause: error });
      }
    }

    assert.deepEqual(api.complaints, [], 'nothing of it is the hub’s own mistake');
    assert.deepEqual((await api.call(jobs)).json, { items: [], nextCursor: null });
  });

  it('is told what was expected, what came, and what there is', async () => {
    await using api = await startApi();
    api.view.offer('default', [
      toSummary('strict', { properties: { count: { type: 'integer' } }, additionalProperties: false }),
    ]);
    const said = async (path: string, call?: Call) => (await api.call(path, call)).json?.detail;

    assert.deepEqual(
      {
        nothing: await said(jobs, { body: {} }),
        type: await said(jobs, job({ parameters: 'a=b', priority: '1' })),
        parameters: await said(jobs, { body: { automation: 'strict', parameters: { count: 'many', cuont: 1 } } }),
        id: await said(`${jobs}/42`),
        probe: await said('/api/v1/agents/a1/facts/a%20b'),
        path: await said('/'),
      },
      {
        nothing: '/automation: expected text, got nothing',
        type: '/parameters: expected a JSON object; /priority: expected a number, got text',
        parameters:
          'the parameters do not fit the automation strict: /parameters/cuont: is not a known property; there are: count; ' +
          '/parameters/count: must be integer, is a text',
        id: 'there is no such job',
        probe: 'there is no such probe',
        path: 'there is no such path; the API is below /api/v1, and /docs shows it',
      },
    );
  });

  it('says which methods the path takes', async () => {
    await using api = await startApi();

    const answer = await api.call(`${jobs}/${nobody}/cancel`, { method: 'PUT' });

    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get('allow'), 'POST');
  });

  it('does not quote a secret from JSON that is broken', async () => {
    await using api = await startApi();

    const answer = await api.call(jobs, text('{"automation":"greet","secrets":{"p":"hunter2"x}}'));

    assertProblem(answer, { status: 400, code: 'json-invalid' });
    assert.doesNotMatch(answer.text, /hunter2/);
  });

  it('is bounded in what it says of many mistakes', async () => {
    await using api = await startApi();
    const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`-${index}`, '']));

    const answer = await api.call(jobs, job({ labels }));

    assertProblem(answer, { status: 422, code: 'request-invalid' });
    assert.ok(answer.text.length < 50_000, `${answer.text.length} characters`);
  });
});

describe('bytes that are hardly a request', () => {
  const lines = (...text: string[]) => `${text.join('\r\n')}\r\n\r\n`;

  function problemOf(answer: string): Problem & { readonly line: string } {
    const [head = '', ...rest] = answer.split('\r\n\r\n');
    assert.match(head, /content-type: application\/problem\+json/i, answer);
    return { ...Problem.parse(JSON.parse(rest.join('\r\n\r\n'))), line: head.split('\r\n')[0] ?? '' };
  }

  async function expectProblem(api: ApiHarness, bytes: string, status: number, code: string): Promise<void> {
    const problem = problemOf(await api.talk(bytes));
    assert.equal(problem.code, code);
    assert.match(problem.line, new RegExp(`^HTTP/1.1 ${status} `));
  }

  it('get a problem too', async () => {
    await using api = await startApi();
    const auth = `Authorization: Bearer ${api.tokens.operator}`;
    const post = ['POST /api/v1/jobs HTTP/1.1', 'Host: x', 'Connection: close', auth];

    await expectProblem(api, 'hello\r\n\r\n', 400, 'header-invalid');
    await expectProblem(api, lines('GET / HTTP/9.9'), 400, 'header-invalid');
    await expectProblem(api, lines('FROB / HTTP/1.1', 'Host: x'), 400, 'header-invalid');
    await expectProblem(
      api,
      lines('GET /api/v1/jobs HTTP/1.1', 'Host: x', `X: ${'y'.repeat(20_000)}`),
      431,
      'headers-too-large',
    );
    await expectProblem(api, lines('GET /livez HTTP/1.1', 'Connection: close'), 400, 'header-invalid');
    await expectProblem(api, lines(...post, 'Content-Length: 1', 'Content-Length: 2'), 400, 'header-invalid');
    await expectProblem(api, lines(...post, 'Content-Length: -5'), 400, 'header-invalid');
    await expectProblem(
      api,
      lines(...post, 'Content-Type: application/json', 'Content-Length: 99999999999'),
      413,
      'too-large',
    );
    await expectProblem(
      api,
      lines(...post, 'Content-Type: application/json', 'Expect: magic', 'Content-Length: 2'),
      400,
      'header-invalid',
    );
    assert.deepEqual(api.complaints, []);
  });

  it('with a header twice are refused, whichever of them counts', async () => {
    await using api = await startApi();
    const get = ['GET /api/v1/jobs HTTP/1.1', 'Host: x', 'Connection: close'];
    const auth = `Authorization: Bearer ${api.tokens.operator}`;
    const post = ['POST /api/v1/jobs HTTP/1.1', 'Host: x', 'Connection: close', auth, 'Content-Type: application/json'];
    const body = '{"automation":"greet"}';
    const length = `Content-Length: ${body.length}`;

    await expectProblem(api, lines(...get, auth, 'Authorization: Bearer other'), 400, 'header-invalid');
    await expectProblem(
      api,
      lines(...post, length, 'Idempotency-Key: a', 'Idempotency-Key: a') + body,
      400,
      'header-invalid',
    );
    await expectProblem(api, lines(...post, length, 'Content-Type: text/plain') + body, 400, 'header-invalid');
  });

  it('that never end are hung up on', async () => {
    await using api = await startApi({ requestMs: 300 });

    const answer = await api.talk('POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n');

    assert.ok(answer === '' || problemOf(answer).code === 'request-timeout', answer);
  });

  it('do no harm to others', async () => {
    await using api = await startApi();

    const junk = Array.from({ length: 50 }, () => api.talk(Buffer.from(systemRandom.bytes(2_000))));
    const id = await submitJob(api);
    await Promise.all(junk);

    assert.equal((await api.call(`${jobs}/${id}`)).status, 200);
  });
});
