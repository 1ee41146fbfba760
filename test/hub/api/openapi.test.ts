import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { schemaExamples } from '../../../hub/api/openapi/schema-examples.ts';
import { createInventoryKinds } from '../../../hub/control/inventory-resource.ts';
import { rolesWith } from '../../../hub/identity/permissions.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { sampleApp, sampleNode } from '../../support/sample-inventory.ts';
import { type Answer, type ApiHarness, type Call, startApi, toSummary } from './api-harness.ts';
import { createConformance } from './conformance.ts';
import { enrolAgent, startAttempt, submitJob } from './job-run.ts';

checkLeaks();

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly $ref?: string; readonly in?: string; readonly description?: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>;
}

async function describeApi(api: ApiHarness) {
  return (await api.call('/api/v1/openapi.json')).json;
}

describe('the description of the API', () => {
  it('is OpenAPI 3.1, says an independent validator', async () => {
    await using api = await startApi();
    const document = await describeApi(api);

    const verdict = await new Validator().validate(structuredClone(document));

    assert.ok(verdict.valid, JSON.stringify(verdict.errors));
    assert.equal(document.openapi, '3.1.0');
  });

  it('gives every operation what a generator of clients needs', async () => {
    await using api = await startApi();
    const { paths, components, tags } = await describeApi(api);
    const operations = Object.values<Record<string, Operation>>(paths).flatMap((methods) => Object.values(methods));

    const ids = operations.map(({ operationId }) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    const known = new Set(tags.map(({ name }: { readonly name: string }) => name));
    for (const { operationId, summary, tags: own, parameters = [], responses } of operations) {
      assert.match(operationId, /^[a-z][A-Za-z]+$/);
      assert.ok(summary, operationId);
      assert.ok(own.length === 1 && known.has(own[0]), operationId);
      for (const parameter of parameters) {
        if (parameter.$ref === undefined && parameter.in === 'query') assert.ok(parameter.description, operationId);
      }
      for (const [status, { content = {} }] of Object.entries(responses)) {
        if (Number(status) >= 400) assert.deepEqual(Object.keys(content), ['application/problem+json'], operationId);
        const json = content['application/json'];
        if (json !== undefined && operationId !== 'getDescription') assert.ok('$ref' in json.schema, operationId);
      }
    }
    const text = JSON.stringify({ paths, components });
    for (const [, section = '', name = ''] of text.matchAll(/"#\/components\/(\w+)\/([\w-]+)"/g)) {
      assert.ok(components[section][name], `#/components/${section}/${name}`);
    }
    assert.ok(!text.includes('"nullable"'));
  });

  it('says of public routes that they take no token, and of the others which roles may', async () => {
    await using api = await startApi();
    const { paths, security } = await describeApi(api);

    assert.deepEqual(security, [{ token: [] }]);
    assert.deepEqual(paths['/livez'].get.security, []);
    assert.deepEqual(paths['/v1/enrol'].post.security, [{ joinToken: [] }]);
    assert.equal(paths['/api/v1/jobs'].post.security, undefined);
    assert.match(paths['/api/v1/jobs'].post.description, new RegExp(`Roles: ${rolesWith('submit-jobs').join(', ')}`));
  });

  it('shows examples that its schemas allow', async () => {
    await using api = await startApi();
    const document = await describeApi(api);
    const conformance = createConformance(document);

    for (const [name, example] of Object.entries(schemaExamples)) {
      conformance.checkSchema(name, example);
      assert.deepEqual(document.components.schemas[name].examples, [example]);
    }
  });

  it('is true: every operation answers as it says, well and badly', async () => {
    await using api = await startApi();
    const conformance = createConformance(await describeApi(api));
    const call = async (path: string, { method, ...options }: Call = {}): Promise<Answer> => {
      const verb = method ?? (options.body === undefined && options.raw === undefined ? 'GET' : 'POST');
      const answer = await api.call(path, { token: api.tokens.admin, method: verb, ...options });
      conformance.check(verb, path, answer);
      return answer;
    };
    /** Reads the head of an answer that lasts, and hangs up. */
    const peek = async (path: string) => {
      const leaving = new AbortController();
      const { status, headers } = await api.fetch(path, { signal: leaving.signal });
      leaving.abort();
      conformance.check('GET', path, { status, headers, text: '', json: null });
    };
    api.view.offer('default', [toSummary('strict', { type: 'object', required: ['name'] })]);
    const agent = await enrolAgent(api, 'a1');
    const nobody = systemRandom.uuid();
    const v1 = '/api/v1';

    const key = { 'idempotency-key': 'one' };
    const first = await call(`${v1}/jobs`, { body: { automation: 'greet', labels: { ticket: '42' } }, headers: key });
    await call(`${v1}/jobs`, { body: { automation: 'greet', labels: { ticket: '42' } }, headers: key });
    await call(`${v1}/jobs`, { body: { automation: 'other' }, headers: key });
    await call(`${v1}/jobs`, { body: { automation: 'strict' } });
    await call(`${v1}/jobs`, { body: { automation: '' } });
    await call(`${v1}/jobs`, { raw: 'not json' });
    await call(`${v1}/jobs`, { raw: 'x', headers: { 'content-type': 'text/plain' } });
    await call(`${v1}/jobs`, { body: { automation: 'greet', parameters: { long: 'x'.repeat(3_000_000) } } });
    await call(`${v1}/jobs?state=queued&state=running&label=ticket=42&limit=1`);
    await call(`${v1}/jobs?limit=0`);
    await call(`${v1}/jobs?cursor=wrong`);
    await call(`${v1}/jobs`, { token: null });
    await call(`${v1}/jobs`, { token: api.tokens.viewer, body: { automation: 'greet' } });

    const id = await submitJob(api);
    const run = await startAttempt(api, id, agent);
    await run.write('one\ntwo\n');
    await call(`${v1}/jobs/${id}`);
    await run.end({ outputs: { done: true } });
    const shown = await call(`${v1}/jobs/${id}`);
    await call(`${v1}/jobs/${id}`, { headers: { 'if-none-match': shown.headers.get('etag') ?? '' } });
    await call(`${v1}/jobs/${nobody}`);
    await call(`${v1}/jobs/${id}/attempts`);
    for (const log of [`${v1}/jobs/${id}/log`, `${v1}/jobs/${id}/attempts/1/log`]) {
      await call(log);
      await call(`${log}?timestamps=true`);
      await call(log, { headers: { range: 'bytes=1-2' } });
      await call(log, { headers: { range: 'bytes=99-' } });
      await call(log, { headers: { range: 'lines=1' } });
    }
    await call(`${v1}/jobs/${id}/attempts/1/log?follow=true`);
    await call(`${v1}/jobs/${id}/cancel`, { method: 'POST' });
    await call(`${v1}/jobs/${first.json.id}/cancel`, { method: 'POST' });
    await call(`${v1}/jobs/${id}/rerun`, { method: 'POST' });
    await call(`${v1}/jobs/${id}/rerun`, { body: { secrets: { unknown: 'x' } } });
    await peek(`${v1}/jobs/${id}/events`);
    await call(`${v1}/jobs/${nobody}/events`);
    await peek(`${v1}/events`);
    await call(`${v1}/events`, { headers: { 'last-event-id': 'x' } });

    await call(`${v1}/agents`);
    const seen = await call(`${v1}/agents/a1`);
    await call(`${v1}/agents/a9`);
    await call(`${v1}/agents/a1/drain`, { body: { note: 'disk' } });
    const ifMatch = { 'if-match': seen.headers.get('etag') ?? '' };
    await call(`${v1}/agents/a1/drain`, { method: 'POST', headers: ifMatch });
    await call(`${v1}/agents/a1/resume`, { method: 'POST', headers: ifMatch });
    await call(`${v1}/agents/a1/resume`, { method: 'POST' });
    const told = { probe: 'host', digest: 'd'.repeat(64), collectedAt: '2030-01-01T00:00:00.000Z', durationMs: 5 };
    const report = { ...told, facts: { os: 'a' }, volatile: [], error: null };
    await api.store.apply('record-facts', { agentId: agent.id, report, at: Date.parse(told.collectedAt) });
    for (const facts of ['facts', 'facts/host', 'facts/none', 'facts/host/history']) {
      await call(`${v1}/agents/a1/${facts}`);
    }
    const kinds = createInventoryKinds();
    const form = { hash: 'h', shape: 's' };
    const node = { type: 'put', list: 'nodes', item: { ...kinds.nodes.toItem(sampleNode('n1')), ...form } } as const;
    const app = { type: 'put', list: 'apps', item: { ...kinds.apps.toItem(sampleApp('web')), ...form } } as const;
    await api.store.apply('record-inventory', { agentId: agent.id, changes: [node, app], at: 1 });
    for (const list of ['nodes', 'apps']) {
      const { json } = await call(`${v1}/${list}`);
      await call(`${v1}/${list}?state=broken`);
      await call(`${v1}/${list}/${json.items[0].id}`);
      await call(`${v1}/${list}/${nobody}`);
    }
    await call(`${v1}/agents/a9/facts`);
    await call(`${v1}/agents/a1/facts?limit=0`);
    await call(`${v1}/automations`);

    const token = await call(`${v1}/tokens`, { body: { role: 'viewer', name: 'ci' } });
    const own = (await call(`${v1}/tokens`)).json.items[0];
    const joinToken = await call(`${v1}/join-tokens`, { body: { allowedLabels: 'site in (ams,fra),!x,y' } });
    await call(`${v1}/join-tokens?account=other`);
    await call(`${v1}/tokens/${token.json.id}`, { method: 'DELETE' });
    await call(`${v1}/tokens/${token.json.id}`, { method: 'DELETE' });
    await call(`${v1}/tokens/${own.id}`, { method: 'DELETE' });
    await call(`${v1}/join-tokens/${joinToken.json.id}`, { method: 'DELETE' });
    const quotas = { queuedJobs: 7, runningJobs: 'unlimited', logBytes: 0 };
    const put = { method: 'PUT', body: quotas };
    await call(`${v1}/accounts`);
    await call(`${v1}/accounts/red`);
    await call(`${v1}/accounts/red`, { token: api.tokens.viewer });
    await call(`${v1}/accounts/red/quotas`, put);
    await call(`${v1}/accounts/red/quotas`, { ...put, headers: { 'if-match': '"0"' } });
    await call(`${v1}/accounts/red/quotas`, { ...put, body: {} });
    await call(`${v1}/accounts/default/quotas`, put);
    await call(`${v1}/jobs`, { body: { automation: 'greet' } });
    await call(`${v1}/tokens?revoked=true`);
    await call(`${v1}/agents/a1/rotate-key`, { method: 'POST' });
    await call(`${v1}/agents/a1`, { method: 'DELETE' });
    await call(`${v1}/agents/a1/revoke`, { method: 'POST' });
    await call(`${v1}/agents?revoked=true`);
    await call(`${v1}/agents/${agent.id}`, { method: 'DELETE' });
    await call(`${v1}/audit?action=token&limit=1`);
    await call(`${v1}/audit?cursor=wrong`);
    await call(`${v1}/openapi.json`);

    await call(`${v1}/trust-store`, { method: 'POST' });
    await call('/livez');
    await call('/readyz');
    api.view.ready = false;
    await call('/readyz');
    await call('/metrics');
    await call('/status');
    await call('/status', { token: null });
    await call('/metrics', { token: null, headers: { 'x-forwarded-for': '192.0.2.1' } });
    await call('/v1/enrol', { token: null, body: {} });
    await call('/v1/enrol', { body: {} });

    const visited = new Set([...conformance.seen].map((one) => one.split(' ')[0]));
    const missed = conformance.operationIds.filter((one) => !visited.has(one));
    assert.deepEqual(missed, []);
    for (const one of [
      'submitJob 409',
      'getJob 304',
      'drainAgent 412',
      'getJobLog 206',
      'revokeToken 409',
      'getReadiness 503',
    ])
      assert.ok(conformance.seen.has(one), `${one} is among ${[...conformance.seen].join(', ')}`);
  });
});
