import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { apiResources } from '../../../agent/kubernetes/api-resource.ts';
import { KubernetesError, type KubernetesErrorCode } from '../../../agent/kubernetes/kubernetes-error.ts';
import { answerStatus } from '../../support/fake-kubernetes.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { openKubePlace } from './kube-place.ts';

checkLeaks();

const { signal } = new AbortController();
const jobs = { resource: apiResources.jobs, namespace: 'jobs' };
const job = (name: string) => ({ ...jobs, name });
const manifest = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' }, spec: { x: 1 } };

function isError(code: KubernetesErrorCode) {
  return (error: unknown) => error instanceof KubernetesError && error.code === code;
}

suite('the Kubernetes client', () => {
  test('makes, reads, changes and deletes objects as raw JSON over one kept connection', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;

    const made = await client.create(jobs, manifest, { signal });
    const read = await client.get(job('a'), { signal });
    await client.patch(job('a'), { type: 'merge', body: { spec: { x: 2 } } }, { signal });
    const { items } = await client.list(jobs, { signal });
    await client.delete(job('a'), { uid: made.metadata.uid, signal });
    await assert.rejects(client.get(job('a'), { signal }), isError('not-found'));

    assert.deepEqual(read, made);
    assert.deepEqual(
      items.map((item) => item['spec']),
      [{ x: 2 }],
    );
    assert.equal(server.connections, 1);
    const [create, , patch, , remove] = server.requests;
    assert.equal(create?.query.get('fieldValidation'), 'Strict');
    assert.deepEqual(JSON.parse(create?.body ?? ''), manifest);
    assert.equal(patch?.headers['content-type'], 'application/merge-patch+json');
    assert.deepEqual(JSON.parse(remove?.body ?? ''), {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      preconditions: { uid: made.metadata.uid },
    });
  });

  test('tries on the server without storing anything, where it is told so', async () => {
    await using place = await openKubePlace();

    await place.client.create(jobs, manifest, { signal, dryRun: true });

    assert.equal(place.server.requests[0]?.query.get('dryRun'), 'All');
  });

  test('lists page by page', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;
    for (let index = 0; index < 25; index += 1) server.put(`/apis/batch/v1/namespaces/jobs/jobs/j${index}`, {});
    server.pageSize = 10;

    const { items, resourceVersion } = await client.list(jobs, { signal });

    assert.equal(items.length, 25);
    assert.equal(resourceVersion, '125');
    assert.equal(server.requests.length, 3);
  });

  test('tells what is wrong with a manifest, field by field', async () => {
    await using place = await openKubePlace();
    const cause = { reason: 'FieldValueInvalid', message: 'must be 0 or more', field: 'spec.backoffLimit' };
    place.server.intercept = (_, response) =>
      answerStatus(response, 422, { reason: 'Invalid', message: 'Job is invalid', details: { causes: [cause] } });

    const error = await failureOf(place.client.create(jobs, manifest, { signal }));

    assert.equal(error.code, 'invalid');
    assert.deepEqual(error.causes, [cause]);
    assert.equal(error.isRetryable, false);
    assert.match(
      error.message,
      /^create jobs\.batch in namespace jobs: the Kubernetes API answers 422: Job is invalid$/,
    );
  });

  const answers: readonly (readonly [number, string, KubernetesErrorCode])[] = [
    [400, 'BadRequest', 'bad-request'],
    [403, 'Forbidden', 'forbidden'],
    [404, 'NotFound', 'not-found'],
    [409, 'AlreadyExists', 'already-exists'],
    [409, 'Conflict', 'conflict'],
    [410, 'Expired', 'gone'],
    [429, 'TooManyRequests', 'too-many-requests'],
    [415, 'UnsupportedMediaType', 'refused'],
    [500, 'InternalError', 'server-failure'],
    [500, 'ServerTimeout', 'timeout'],
  ];
  for (const [status, reason, code] of answers) {
    test(`calls ${status} ${reason} ${code}`, async () => {
      await using place = await openKubePlace();
      place.server.intercept = (_, response) => answerStatus(response, status, { reason });

      const error = await failureOf(place.client.get(job('a'), { signal }));

      assert.deepEqual([error.code, error.status, error.reason], [code, status, reason]);
    });
  }

  test('tells a quota from a permission', async () => {
    await using place = await openKubePlace();
    const message = 'jobs.batch "a" is forbidden: exceeded quota: small, requested: count/jobs.batch=1';
    place.server.intercept = (_, response) => answerStatus(response, 403, { reason: 'Forbidden', message });

    await assert.rejects(place.client.create(jobs, manifest, { signal }), isError('quota'));
  });

  test('waits once as long as a busy server wants', async () => {
    await using place = await openKubePlace();
    let busy = 1;
    place.server.intercept = (_, response) =>
      busy-- > 0 && answerStatus(response, 429, { reason: 'TooManyRequests' }, { 'retry-after': '0' });
    place.server.put('/apis/batch/v1/namespaces/jobs/jobs/a', {});

    await place.client.get(job('a'), { signal });
    busy = 2;
    const error = await failureOf(place.client.get(job('a'), { signal }));

    assert.deepEqual([error.code, error.retryAfterMs], ['too-many-requests', 0]);
    assert.equal(place.server.requests.length, 4);
  });

  test('does not wait for a server that wants to be left alone for long', async () => {
    await using place = await openKubePlace();
    place.server.intercept = (_, response) => answerStatus(response, 503, {}, { 'retry-after': '3600' });

    const error = await failureOf(place.client.get(job('a'), { signal }));

    assert.deepEqual([error.code, error.retryAfterMs], ['server-failure', 3_600_000]);
  });

  test('reads again over a new connection where the kept one was just closed, and sends nothing twice that makes something', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;
    server.put('/apis/batch/v1/namespaces/jobs/jobs/a', {});
    let cuts = 0;
    const cutNext = () => {
      cuts = 1;
    };
    server.intercept = (_, response) => {
      if (cuts-- <= 0) return false;
      response.socket?.destroy();
      return true;
    };
    await client.get(job('a'), { signal });

    cutNext();
    await client.get(job('a'), { signal });
    cutNext();
    await assert.rejects(client.create(jobs, manifest, { signal }), isError('unreachable'));

    assert.deepEqual(
      server.requests.map(({ method }) => method),
      ['GET', 'GET', 'GET', 'POST'],
    );
  });

  test('says what it cannot read', async () => {
    await using place = await openKubePlace();
    place.server.intercept = (_, response) => {
      response.end('<html>welcome to the hotel</html>');
      return true;
    };

    const error = await failureOf(place.client.get(job('a'), { signal }));

    assert.equal(error.code, 'malformed');
    assert.match(error.message, /welcome to the hotel/);
  });

  test('is unreachable where nobody listens, and goes on when somebody does', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;
    await server.stop();

    await assert.rejects(client.version({ signal }), isError('unreachable'));
    await server.resume();

    assert.equal(await client.version({ signal }), 'v1.35.4');
  });

  test('ends with the reason of its signal', async () => {
    await using place = await openKubePlace();
    const stop = new AbortController();
    place.server.intercept = () => {
      stop.abort(new Error('enough'));
      return true;
    };

    await assert.rejects(place.client.get(job('a'), { signal: stop.signal }), /enough/);
  });

  test('refuses to make a call that is no row of the permissions', async () => {
    await using place = await openKubePlace();
    const nodes = { resource: apiResources.nodes, namespace: null };

    await assert.rejects(
      place.client.delete({ ...nodes, name: 'n1' }, { uid: null, signal }),
      /expected a row in permissions\.ts for: delete nodes n1/,
    );
    assert.equal(place.server.requests.length, 0);
  });

  test('counts its requests by verb, resource and answer', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;
    server.put('/apis/batch/v1/namespaces/jobs/jobs/a', {});

    await client.get(job('a'), { signal });
    await client.get(job('a'), { signal });
    await assert.rejects(client.get(job('b'), { signal }));
    await server.stop();
    await assert.rejects(client.get(job('a'), { signal }));

    assert.deepEqual(client.counts.requests, [
      { verb: 'get', resource: 'jobs', code: '200', count: 2 },
      { verb: 'get', resource: 'jobs', code: '404', count: 1 },
      { verb: 'get', resource: 'jobs', code: 'unreachable', count: 1 },
    ]);
  });

  test('knows whether the server answers, whatever it says, and since when it does not', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;

    const { connection: first } = client;
    await assert.rejects(client.get(job('none'), { signal }), isError('not-found'));
    const { connection: second } = client;
    await server.stop();
    await assert.rejects(client.get(job('a'), { signal }), isError('unreachable'));
    const { connection: third } = client;
    await assert.rejects(client.get(job('a'), { signal }), isError('unreachable'));

    assert.deepEqual([first.state, second.state], ['untried', 'connected']);
    assert.ok(third.state === 'unreachable' && third.error !== '');
    assert.ok(client.connection.state === 'unreachable' && client.connection.since === third.since);
  });

  test('counts a call that its caller gave no more time as one without an answer', async () => {
    await using place = await openKubePlace();
    place.server.intercept = () => true;

    await assert.rejects(place.client.get(job('a'), { signal: AbortSignal.timeout(20) }));

    assert.equal(place.client.connection.state, 'unreachable');
    assert.deepEqual(
      place.client.counts.requests.map(({ code }) => code),
      ['timeout'],
    );
  });
});

suite('a log', () => {
  const log = {
    namespace: 'jobs',
    pod: 'p',
    container: 'main',
    follow: true,
    sinceTime: null,
    timestamps: true,
    limitBytes: null,
  };

  test('is not there yet while the pod is on no node, or its container waits', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;
    server.intercept = (_, response) => {
      response.writeHead(204).end();
      return true;
    };
    const first = await client.openLog(log, { signal });
    const message = 'container "main" in pod "p" is waiting to start: ContainerCreating';
    server.intercept = (_, response) => answerStatus(response, 400, { reason: 'BadRequest', message });
    const second = await client.openLog(log, { signal });

    assert.deepEqual([first.type, second.type], ['not-yet', 'not-yet']);
  });

  test('of a container that there is not is a mistake', async () => {
    await using place = await openKubePlace();
    const message = 'container zzz is not valid for pod p';
    place.server.intercept = (_, response) => answerStatus(response, 400, { reason: 'BadRequest', message });

    await assert.rejects(place.client.openLog({ ...log, container: 'zzz' }, { signal }), isError('bad-request'));
  });

  test('comes as bytes as they are written, until it is cut', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;
    let cut = () => {};
    server.intercept = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('2026-11-21T02:00:10.5Z one\n2026');
      cut = () => void response.socket?.destroy();
      return true;
    };

    const answer = await client.openLog({ ...log, sinceTime: '2026-11-21T02:00:09Z' }, { signal });
    assert.ok(answer.type === 'stream');
    let text = '';
    const reading = (async () => {
      for await (const chunk of answer.stream) {
        text += Buffer.from(chunk).toString();
        if (text.endsWith('2026')) cut();
      }
    })();

    await assert.rejects(reading, isError('unreachable'));
    assert.equal(text, '2026-11-21T02:00:10.5Z one\n2026');
    assert.equal(
      server.requests[0]?.query.toString(),
      'container=main&follow=true&timestamps=true&sinceTime=2026-11-21T02%3A00%3A09Z',
    );
  });

  test('is left by disposing of it', async () => {
    await using place = await openKubePlace();
    const { server, client } = place;
    server.intercept = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('one\n');
      return true;
    };
    const answer = await client.openLog(log, { signal });
    assert.ok(answer.type === 'stream');

    const before = client.counts.streams;
    await answer.stream[Symbol.asyncDispose]();

    assert.equal(before, 1);
  });
});

/** The error of a call that must fail. */
async function failureOf(call: Promise<unknown>): Promise<KubernetesError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof KubernetesError) return error;
    throw error;
  }
  throw new Error('expected a KubernetesError, got an answer');
}
