import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { apiResources } from '../../../agent/kubernetes/api-resource.ts';
import { defaultListWatchLimits, type ListWatchState, startListWatch } from '../../../agent/kubernetes/list-watch.ts';
import type { ObjectChange } from '../../../agent/kubernetes/watched-objects.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { answerStatus, type Interception } from '../../support/fake-kubernetes.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { until } from '../../support/until.ts';
import { openKubePlace } from './kube-place.ts';

checkLeaks();

const path = (name: string, namespace = 'x') => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

/** A list-watch of deployments everywhere, of which the field `size` is kept. */
async function follow(
  given: {
    readonly silenceMs?: number;
    readonly selector?: string;
    readonly intercept?: Interception;
    readonly pageSize?: number;
  } = {},
) {
  const place = await openKubePlace();
  const { server, client } = place;
  if (given.intercept !== undefined) server.intercept = given.intercept;
  if (given.pageSize !== undefined) server.pageSize = given.pageSize;
  for (const name of ['a', 'b']) server.put(path(name), { size: 1, labels: { tier: name } });
  const changes: string[] = [];
  const states: ListWatchState['type'][] = [];
  const loops = createLoopBoard(systemClock);
  const watch = startListWatch<number>({
    client,
    collection: { resource: apiResources.deployments, namespace: null },
    ...(given.selector === undefined ? {} : { selection: { labelSelector: given.selector } }),
    select({ size }) {
      if (typeof size !== 'number') throw new Error('expected a size');
      return size;
    },
    onChange: (change: ObjectChange<number>) =>
      void changes.push(`${change.type} ${change.key}${change.type === 'deleted' ? '' : ` ${change.value}`}`),
    onState: ({ type }) => void states.push(type),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    loops,
    limits: { ...defaultListWatchLimits, firstRetryMs: 20, maxRetryMs: 100, silenceMs: given.silenceMs ?? 60_000 },
  });
  return {
    server,
    watch,
    changes,
    states,
    loops,
    lists: () => server.requests.filter(({ query }) => query.get('watch') === null).length,
    /** What came since the last call. */
    async taken(count: number): Promise<readonly string[]> {
      await until(`${count} changes`, () => changes.length >= count);
      return changes.splice(0);
    },
    watching: () => until('an open watch', () => server.openWatches === 1 && watch.state.type === 'current'),
    async [Symbol.asyncDispose]() {
      await watch[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

suite('a collection that is followed', () => {
  test('is listed, and then told change by change, what is deleted with its last state', async () => {
    await using place = await follow();
    const { server } = place;
    await place.watching();
    const listed = await place.taken(2);

    server.put(path('a'), { size: 2 });
    server.put(path('c', 'y'), { size: 7 });
    server.remove(path('b'));

    assert.deepEqual(listed, ['added x/a 1', 'added x/b 1']);
    assert.deepEqual(await place.taken(4), ['changed x/a 2', 'added y/c 7', 'changed x/b 1', 'deleted x/b']);
    assert.deepEqual(
      [...place.watch.values],
      [
        ['x/a', 2],
        ['y/c', 7],
      ],
    );
    assert.deepEqual(place.states, ['current']);
    const [loop] = place.loops.list();
    assert.deepEqual([loop?.name, loop?.doing], ['cluster watch deployments.apps', 'watches']);
  });

  test('may be a part of it, by labels', async () => {
    await using place = await follow({ selector: 'tier=b' });
    await place.watching();

    place.server.put(path('a'), { size: 2, labels: { tier: 'a' } });
    place.server.put(path('b'), { size: 2, labels: { tier: 'b' } });

    assert.deepEqual(await place.taken(2), ['added x/b 1', 'changed x/b 2']);
  });

  test('is watched on from the last change when the time of a watch is over, and not listed again', async () => {
    await using place = await follow();
    const { server } = place;
    await place.watching();
    await place.taken(2);
    server.put(path('a'), { size: 2 });
    await place.taken(1);

    server.endWatches();
    server.put(path('b'), { size: 3 });

    assert.deepEqual(await place.taken(1), ['changed x/b 3']);
    assert.equal(place.lists(), 1);
    assert.deepEqual(place.states, ['current']);
  });

  test('is watched on when a connection breaks in the middle of an event', async () => {
    await using place = await follow();
    const { server } = place;
    await place.watching();
    await place.taken(2);

    server.writeToWatches('{"type":"MODIFIED","object":{"metadata":{"na');
    server.cutWatches();
    server.put(path('a'), { size: 5 });

    assert.deepEqual(await place.taken(1), ['changed x/a 5']);
    assert.equal(place.lists(), 1);
    assert.deepEqual(place.states, ['current']);
  });

  test('is watched on from a bookmark', async () => {
    await using place = await follow();
    const { server } = place;
    await place.watching();
    server.bookmark();
    await until('the bookmark', () => place.watch.counts.events === 1);
    server.compact();

    server.endWatches();
    await place.watching();

    assert.equal(place.lists(), 1);
  });

  test('is listed again when what happened since is not known any more, and what is gone is told', async () => {
    await using place = await follow();
    const { server } = place;
    await place.watching();
    await place.taken(2);

    server.endWatches();
    server.remove(path('a'));
    server.put(path('c'), { size: 9 });
    server.compact();

    assert.deepEqual((await place.taken(2)).toSorted(), ['added x/c 9', 'deleted x/a']);
    assert.equal(place.lists(), 2);
    assert.deepEqual(place.states, ['current', 'current']);
  });

  test('is listed again when the server answers a watch with 410', async () => {
    await using place = await follow();
    const { server } = place;
    await place.watching();
    await place.taken(2);

    let refused = false;
    server.intercept = ({ query }, response) => {
      if (refused || query.get('watch') === null) return false;
      refused = true;
      return answerStatus(response, 410, { reason: 'Expired', message: 'too old resource version' });
    };
    server.endWatches();
    server.remove(path('a'));

    assert.deepEqual(await place.taken(1), ['deleted x/a']);
  });

  test('is listed again when a line is no event', async () => {
    await using place = await follow();
    await place.watching();

    place.server.writeToWatches('<html>\n');
    await until('another list', () => place.watch.counts.lists === 2);

    assert.equal(place.watch.values.size, 2);
  });

  test('is not believed any more when the server says nothing for too long', async () => {
    await using place = await follow({ silenceMs: 100 });
    await place.watching();

    await until('other watches', () => place.watch.counts.watches >= 3);

    assert.equal(place.lists(), 1);
    assert.ok(place.states.every((state) => state === 'current'));
  });

  test('is stale while the server is away, keeps what is known, and is current again when it is back', async () => {
    await using place = await follow();
    const { server, watch } = place;
    await place.watching();
    await place.taken(2);
    const before = Date.now();

    await server.stop();
    await until('the word that it is stale', () => watch.state.type === 'stale');
    const { state } = watch;
    const { size } = watch.values;
    server.remove(path('a'));
    await server.resume();

    assert.deepEqual(await place.taken(2), ['changed x/a 1', 'deleted x/a']);
    assert.ok(state.type === 'stale' && state.since <= before && /no connection/.test(state.error.message));
    assert.equal(size, 2);
    assert.equal(watch.state.type, 'current');
  });

  test('is not known where it could never be listed: nothing is told', async () => {
    await using place = await follow({
      intercept: (_, response) =>
        answerStatus(response, 403, { reason: 'Forbidden', message: 'deployments is forbidden' }),
    });
    const { watch } = place;

    await until('a failure', () => watch.state.type === 'beginning' && watch.state.error !== null);
    const early = place.changes.length;
    place.server.intercept = () => false;

    assert.equal(early, 0);
    assert.deepEqual(await place.taken(2), ['added x/a 1', 'added x/b 1']);
  });

  test('is listed anew where the server refuses watches again and again: its versions may be others', async () => {
    await using place = await follow();
    const { server, watch } = place;
    await place.watching();

    server.intercept = ({ query }, response) =>
      query.get('watch') !== null &&
      watch.counts.lists < 2 &&
      answerStatus(response, 504, { reason: 'Timeout', message: 'Too large resource version' });
    server.endWatches();
    await until('another list', () => watch.counts.lists === 2);

    await place.watching();
  });

  test('waits as long as a busy server wants', async () => {
    let refusals = 0;
    await using place = await follow({
      intercept: (_, response) => {
        refusals += 1;
        return refusals <= 3 && answerStatus(response, 429, { reason: 'TooManyRequests' }, { 'retry-after': '0' });
      },
    });

    assert.equal((await place.taken(2)).length, 2);
  });

  test('is read page by page, and begun again where the pages become too old', async () => {
    let expired = false;
    await using place = await follow({
      pageSize: 1,
      intercept: ({ query }, response) => {
        if (expired || query.get('continue') === null) return false;
        expired = true;
        return answerStatus(response, 410, { reason: 'Expired', message: 'the continue token is too old' });
      },
    });

    assert.deepEqual(await place.taken(2), ['added x/a 1', 'added x/b 1']);
    assert.equal(place.lists(), 4);
  });

  test('goes on without an object that cannot be read, and has it when it can', async () => {
    await using place = await follow();
    await place.watching();
    await place.taken(2);

    place.server.put(path('a'), { size: 'large' });
    place.server.put(path('b'), { size: 2 });
    const first = await place.taken(2);
    place.server.put(path('a'), { size: 3 });

    assert.deepEqual(first, ['deleted x/a', 'changed x/b 2']);
    assert.deepEqual(await place.taken(1), ['added x/a 3']);
  });
});
