import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rolesWith } from '../../../hub/identity/permissions.ts';
import type { AuditEvent } from '../../../protocol/audit.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi } from '../api/api-harness.ts';
import { type AccessRow, readAccessPage, toAccessLine } from './access-page.ts';
import { type Answer, bearer, createWalkPlace, nobodysThings, roles, type WalkPlace } from './walk-place.ts';
import { doors, samples } from './walk-samples.ts';

checkLeaks();

interface Registered {
  readonly call: string;
  readonly method: string;
  readonly operationId: string;
  readonly permission: string;
}

/** Every route that the API has, as it told fastify. */
async function listRoutes(): Promise<readonly Registered[]> {
  await using api = await startApi();
  return api.routes.map(({ method, url, config, schema }) => ({
    call: `${String(method)} ${url}`,
    method: String(method),
    operationId: schema?.operationId ?? '',
    permission: config?.access ?? '',
  }));
}

const routes = await listRoutes();
const guarded = routes.filter(({ permission }) => permission !== 'public');
const open = routes.filter(({ permission }) => permission === 'public');
const page = await readAccessPage();

function rowOf({ operationId }: Registered): AccessRow {
  const row = page.find((one) => one.operationId === operationId);
  assert.ok(row !== undefined, `docs/security.md has no row for ${operationId}`);
  return row;
}

function sampleOf({ call, operationId }: Registered): (typeof samples)[string] {
  const sample = samples[operationId];
  assert.ok(sample !== undefined, `walk-samples.ts does not say how ${operationId} (${call}) is called`);
  return sample;
}

/** Says who asked for what, so that a failure can be read. */
function expectAnswer(
  answer: Answer,
  expected: { readonly status: number; readonly code?: string },
  who: string,
): void {
  const { status, code = null } = expected;
  assert.deepEqual(
    { who, status: answer.status, code: answer.code },
    { who, status, code: code ?? (status < 400 ? null : answer.code) },
    answer.text,
  );
}

function expectNoNeedle(place: WalkPlace, { text }: Answer, who: string): void {
  for (const needle of place.needles) assert.ok(!text.includes(needle), `${who} was told ${needle}: ${text}`);
}

/** Everything of `acme` that its administrator is shown. */
async function photograph(place: WalkPlace): Promise<string> {
  const pages: string[] = [];
  for (const route of guarded.filter(({ method }) => method === 'GET')) {
    const sample = sampleOf(route);
    // The audit says who knocked; what they would have done stands in the others.
    if (route.operationId.startsWith('watch') || route.operationId === 'listAudit') continue;
    const { path } = sample.request(place.kept);
    const { body } = await place.ask('GET', path, { authorization: bearer(place.acme.admin) });
    // An agent that is there is seen all the time.
    pages.push(body.replaceAll(/"lastSeenAt":"[^"]*"/g, ''));
  }
  return pages.join('\n');
}

describe('docs/security.md', () => {
  it('names every call that asks for a role, what it needs and who has it, and no other', () => {
    const wanted = guarded.map(({ call, operationId, permission }) =>
      toAccessLine({ call, operationId, permission, roles: rolesWith(permission as Parameters<typeof rolesWith>[0]) }),
    );

    assert.deepEqual(page.map(toAccessLine).toSorted(), wanted.toSorted());
  });
});

describe('the doors of a hub', () => {
  it('have an entry in this walk for every route, and none for a route that is not there', () => {
    assert.deepEqual(guarded.map(({ operationId }) => operationId).toSorted(), Object.keys(samples).toSorted());
    assert.deepEqual(open.map(({ call }) => call).toSorted(), Object.keys(doors).toSorted());
  });

  it('open to a role of the account as the table says, and to nobody else', { timeout: 120_000 }, async () => {
    await using place = await createWalkPlace();

    for (const route of guarded) {
      const sample = sampleOf(route);
      for (const role of roles) {
        const may = rowOf(route).roles.includes(role);
        const things = may && sample.changes ? await place.makeThings() : place.kept;
        const { path, ...rest } = sample.request(things);
        const answer = await place.ask(route.method, path, { authorization: bearer(place.acme[role]), ...rest });
        const isAllowed = may && sample.ownAdmin !== 403;
        const expected = isAllowed ? { status: sample.status } : { status: 403, code: 'not-allowed' };
        expectAnswer(answer, expected, `${role}: ${route.call}`);
      }
    }
  });

  it('write down who changed something, by which request and from where, without a secret', async () => {
    await using place = await createWalkPlace();
    const authorization = bearer(place.acme.admin);
    const readAudit = async () => {
      const { body } = await place.ask('GET', '/api/v1/audit?limit=500', { authorization });
      return (JSON.parse(body) as { readonly items: readonly AuditEvent[] }).items;
    };

    for (const route of guarded.filter((one) => sampleOf(one).changes && sampleOf(one).ownAdmin !== 403)) {
      const { path, ...rest } = sampleOf(route).request(await place.makeThings());
      const requestId = `walk-${route.operationId}`;
      await place.ask(route.method, path, { authorization, requestId, ...rest });
      const written = (await readAudit()).filter((event) => event.requestId === requestId);

      assert.ok(written.length > 0, `${route.call} wrote nothing into the audit`);
      for (const { actor, remote, account } of written) {
        assert.match(actor, /^token:/, route.call);
        assert.deepEqual([remote, account], ['127.0.0.1', 'acme'], route.call);
      }
    }

    assert.doesNotMatch(JSON.stringify(await readAudit()), /fh[uj]_/);
  });

  it('stay shut for everything that is no token of a user, whatever it is', { timeout: 120_000 }, async () => {
    await using place = await createWalkPlace();
    const before = await photograph(place);

    for (const route of guarded) {
      const { path, ...rest } = sampleOf(route).request(place.kept);
      for (const [who, authorization] of Object.entries(place.outsiders)) {
        const answer = await place.ask(route.method, path, { authorization, ...rest });
        expectAnswer(
          answer,
          { status: 401, code: authorization === null ? 'token-missing' : 'token-invalid' },
          `${who}: ${route.call}`,
        );
        expectNoNeedle(place, answer, `${who}: ${route.call}`);
      }
    }
    for (const [who, authorization] of Object.entries(place.outsiders)) {
      const unknown = await place.ask('GET', '/api/v1/no-such-path', { authorization });
      assert.equal(unknown.status, 401, `${who}: a path that is not there`);
    }

    assert.equal(await photograph(place), before);
  });

  it('show another account nothing, not even that there is something', { timeout: 120_000 }, async () => {
    await using place = await createWalkPlace();
    const before = await photograph(place);

    for (const route of guarded) {
      const sample = sampleOf(route);
      const { path, ...rest } = sample.request(place.kept);
      for (const [account, tokens] of [
        ['rival', place.rival],
        ['default', place.own],
      ] as const) {
        for (const role of roles) {
          const who = `${role} of ${account}: ${route.call}`;
          const authorization = bearer(tokens[role]);
          // Who runs the hub may see it, and change it.
          const isHubs = account === 'default' && role === 'admin' && sample.hubsAdmin !== undefined;
          if (isHubs && sample.changes) continue;
          const answer = await place.ask(route.method, path, { authorization, ...rest });
          if (isHubs) {
            expectAnswer(answer, { status: sample.hubsAdmin ?? sample.status }, who);
            continue;
          }
          expectNoNeedle(place, answer, who);
          if (!rowOf(route).roles.includes(role)) expectAnswer(answer, { status: 403, code: 'not-allowed' }, who);
          else if (sample.about === null) expectAnswer(answer, { status: sample.status }, who);
          else {
            expectAnswer(answer, { status: 404, code: 'not-found' }, who);
            const nobodys = sample.request(nobodysThings());
            const same = await place.ask(route.method, nobodys.path, { authorization, ...rest });
            assert.equal(answer.text, same.text, `${who}: another answer than for what nobody has`);
          }
        }
      }
    }

    assert.equal(await photograph(place), before);
  });

  it('tell another account the same, however much there is elsewhere', async () => {
    await using place = await createWalkPlace();
    const look = async () => {
      const answers: string[] = [];
      for (const route of guarded.filter(({ method }) => method === 'GET')) {
        const sample = sampleOf(route);
        if (sample.about !== null) continue;
        const { path } = sample.request(place.kept);
        answers.push((await place.ask('GET', path, { authorization: bearer(place.rival.admin) })).text);
      }
      return answers;
    };
    const before = await look();

    await place.makeThings();

    assert.deepEqual(await look(), before);
  });

  it('that ask for no role open to whom they say', async () => {
    await using place = await createWalkPlace();

    for (const { method, call } of open) {
      const door = doors[call];
      assert.ok(door !== undefined, `walk-samples.ts does not say who may ${call}`);
      const path = call.slice(method.length + 1);
      const knock = async (who: string, authorization: string | null, status: number) => {
        const body = door.body === undefined ? {} : { body: door.body };
        const answer = await place.ask(method, path, { authorization, ...body });
        // Without the proof of a key, which is looked at after the join token.
        const isJoining = call === 'POST /v1/enrol' && authorization !== null && !authorization.startsWith('Farhand');
        expectAnswer(answer, { status: isJoining ? 400 : status }, `${who}: ${call}`);
      };
      for (const role of roles) {
        await knock(`${role} of default`, bearer(place.own[role]), door.own);
        await knock(`${role} of rival`, bearer(place.rival[role]), door.others);
      }
      for (const [who, authorization] of Object.entries(place.outsiders)) await knock(who, authorization, door.nobody);
    }
  });
});
