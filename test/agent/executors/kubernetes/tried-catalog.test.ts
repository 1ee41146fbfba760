import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Catalog, openCatalog } from '../../../../agent/automations/catalog.ts';
import { createTriedCatalog } from '../../../../agent/executors/kubernetes/tried-catalog.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { createLoopBoard } from '../../../../runtime/loop-board.ts';
import { createVirtualClock, type VirtualClock } from '../../../../runtime/virtual-clock.ts';
import { answerStatus } from '../../../support/fake-kubernetes.ts';
import { checkLeaks } from '../../../support/leak-check.ts';
import { until } from '../../../support/until.ts';
import { type KubePlace, openKubePlace } from '../../kubernetes/kube-place.ts';

checkLeaks();

const pod = (image: string) => `run: [a]\nexecutor: kubernetes\nkubernetes: {image: "${image}"}\n`;

describe('a catalog whose automations are tried in the cluster', () => {
  let folder = '';
  let place: KubePlace;
  let clock: VirtualClock;
  let catalog: Catalog;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farhand-tried-'));
    place = await openKubePlace();
    clock = createVirtualClock();
    await writeFile(join(folder, 'here.yaml'), 'run: [a]\n');
    await writeFile(join(folder, 'good.yaml'), pod('good'));
    await writeFile(join(folder, 'bad.yaml'), pod('bad'));
  });

  afterEach(async () => {
    await place[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function open(): Promise<Catalog & AsyncDisposable> {
    catalog = await openCatalog(folder);
    assert.deepEqual(catalog.current.mistakes, []);
    const { client } = place;
    return createTriedCatalog(catalog, {
      client,
      runner: null,
      clock,
      logger: silentLogger,
      loops: createLoopBoard(clock),
    });
  }

  /** What the server says to a Job with the image "bad", and how often it was asked. */
  function answer(status: number, reason: string, message: string, causes: readonly object[] = []): () => number {
    place.server.intercept = (request, response) =>
      request.body.includes('"image":"bad"') &&
      answerStatus(response, status, { reason, message, details: { causes } });
    return () => place.server.requests.length;
  }

  const names = (tried: Catalog) => [...tried.current.automations.keys()];

  it('offers what the cluster takes, and tells the server’s own words of what it does not', async () => {
    const cause = { reason: 'FieldValueInvalid', message: 'Invalid value: "x"', field: 'spec.template.spec' };
    answer(422, 'Invalid', 'Job is invalid', [cause]);

    await using tried = await open();
    const told: number[] = [];
    tried.onChange(({ mistakes }) => told.push(mistakes.length));
    const before = names(tried);
    await until('the refusal', () => names(tried).length === 2);

    assert.deepEqual(
      [before, names(tried)],
      [
        ['bad', 'good', 'here'],
        ['good', 'here'],
      ],
    );
    const [mistake] = tried.current.mistakes;
    assert.equal(mistake?.file, join(folder, 'bad.yaml'));
    assert.equal(
      mistake.message,
      'the cluster does not take its Job (namespace jobs): spec.template.spec: Invalid value: "x"',
    );
    assert.deepEqual(told, [1]);
    const asked = place.server.requests.map(
      ({ method, query }) => `${method} ${query.get('dryRun')} ${query.get('fieldValidation')}`,
    );
    assert.deepEqual([...new Set(asked)], ['POST All Strict']);
  });

  it('offers it again when the cluster takes it', async () => {
    answer(403, 'Forbidden', 'a policy says no');
    await using tried = await open();
    await until('the refusal', () => names(tried).length === 2);
    const [mistake] = tried.current.mistakes;

    place.server.intercept = () => false;
    await until('the cluster to be asked again', async () => {
      await clock.advance(60_000);
      return names(tried).length === 3;
    });

    assert.match(mistake?.message ?? '', /a policy says no/);
    assert.deepEqual(tried.current.mistakes, []);
  });

  it('tries a file that was changed at once', async () => {
    const asked = answer(422, 'Invalid', 'no');
    await using tried = await open();
    await until('the refusal', () => names(tried).length === 2);
    const before = asked();

    await writeFile(join(folder, 'bad.yaml'), pod('better'));
    const snapshot = await tried.reload();
    await until('the trial', () => asked() >= before + 2);

    assert.deepEqual([...snapshot.automations.keys()], ['bad', 'good', 'here']);
    assert.deepEqual(names(tried), ['bad', 'good', 'here']);
  });

  for (const [status, reason, message] of [
    [403, 'Forbidden', 'exceeded quota: small'],
    [429, 'TooManyRequests', 'later'],
    [500, 'InternalError', 'webhook is away'],
    [400, 'BadRequest', 'admission webhook "w" does not support dry run'],
  ] as const) {
    it(`concludes nothing from ${status} ${message}`, async () => {
      const asked = answer(status, reason, message);

      await using tried = await open();
      await until('both trials', () => asked() >= 2);
      await clock.advance(60_000);
      await until('another look', () => asked() >= 4);

      assert.deepEqual(names(tried), ['bad', 'good', 'here']);
      assert.deepEqual(tried.current.mistakes, []);
    });
  }

  it('keeps what the cluster said last while it cannot be asked', async () => {
    answer(422, 'Invalid', 'no');
    await using tried = await open();
    await until('the refusal', () => names(tried).length === 2);

    await place.server.stop();
    await clock.advance(60_000);
    await until('a call that came to nothing', () => place.client.connection.state === 'unreachable');

    assert.deepEqual(names(tried), ['good', 'here']);
  });
});
