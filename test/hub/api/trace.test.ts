import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toSpanId } from '../../../protocol/trace-context.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type ApiHarness, startApi } from './api-harness.ts';

checkLeaks();

const jobs = '/api/v1/jobs';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const otherTraceId = 'a'.repeat(32);
const otherTraceparent = `00-${otherTraceId}-00f067aa0ba902b7-00`;

async function submit(
  api: ApiHarness,
  headers: Record<string, string>,
  path = jobs,
  body: object = { automation: 'greet' },
) {
  const { status, json } = await api.call(path, { body, headers });
  const record = await api.store.queries.job('default', json.id);
  assert.ok(record !== null);
  return { status, json, record };
}

describe('the trace of a job', () => {
  it('is that of the caller, with what its tracing systems say to themselves', async () => {
    await using api = await startApi();

    const { json, record } = await submit(api, { traceparent, tracestate: 'congo=t61,rojo=00f0' });

    assert.equal(json.traceId, traceId);
    assert.deepEqual([record.traceparent, record.tracestate], [traceparent, 'congo=t61,rojo=00f0']);
  });

  it('is begun by the hub where the caller has none, with the job as its first span', async () => {
    await using api = await startApi();

    const first = await submit(api, {});
    const second = await submit(api, { tracestate: 'congo=t61' });

    assert.match(first.json.traceId, /^[0-9a-f]{32}$/);
    assert.equal(first.record.traceparent, `00-${first.json.traceId}-${toSpanId(first.record.id)}-01`);
    assert.notEqual(second.json.traceId, first.json.traceId);
    // A tracestate without a trace says nothing.
    assert.equal(second.record.tracestate, null);
  });

  for (const [what, wrong] of [
    ['is no traceparent', 'tomorrow'],
    ['has upper case', traceparent.toUpperCase()],
    ['is a trace of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['has a forbidden version', traceparent.replace('00-', 'ff-')],
    ['came twice', `${traceparent}, ${otherTraceparent}`],
  ] as const) {
    it(`is begun anew for a header that ${what}, and the job is taken`, async () => {
      await using api = await startApi();

      const { status, json, record } = await submit(api, { traceparent: wrong, tracestate: 'congo=t61' });

      assert.equal(status, 201);
      assert.match(json.traceId, /^[0-9a-f]{32}$/);
      assert.notEqual(json.traceId, traceId);
      assert.equal(record.tracestate, null);
    });
  }

  it('goes on without a tracestate that is none', async () => {
    await using api = await startApi();

    const { json, record } = await submit(api, { traceparent, tracestate: 'Congo' });

    assert.equal(json.traceId, traceId);
    assert.equal(record.tracestate, null);
  });

  it('stays the first one when the same request comes again in another', async () => {
    await using api = await startApi();
    const key = { 'idempotency-key': 'once' };

    const first = await submit(api, { ...key, traceparent });
    const again = await submit(api, { ...key, traceparent: otherTraceparent });

    assert.deepEqual([again.status, again.json.id, again.json.traceId], [200, first.json.id, traceId]);
  });

  it('of a job that is run again is that of who asks for it, not that of the first', async () => {
    await using api = await startApi();
    const { json } = await submit(api, { traceparent });
    const rerun = `${jobs}/${json.id}/rerun`;

    const asked = await submit(api, { traceparent: otherTraceparent }, rerun, {});
    const begun = await submit(api, {}, rerun, {});

    assert.equal(asked.json.traceId, otherTraceId);
    assert.match(begun.json.traceId, /^[0-9a-f]{32}$/);
    assert.notEqual(begun.json.traceId, traceId);
  });
});
