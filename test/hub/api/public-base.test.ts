import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { type HarnessOptions, startApi } from './api-harness.ts';

checkLeaks();

/** What `Location` of a new job and the description say, without the job's id. */
async function told(front: HarnessOptions, headers: Record<string, string> = {}) {
  await using api = await startApi({}, front);
  const made = await api.call('/api/v1/jobs', { body: { automation: 'x' }, headers });
  const description = await api.call('/api/v1/openapi.json', { headers });
  const again = await api.call('/api/v1/openapi.json');
  return {
    location: made.headers.get('location')?.replace(made.json.id, 'ID'),
    servers: description.json.servers.map(({ url }: { url: string }) => url),
    without: again.json.servers.map(({ url }: { url: string }) => url),
  };
}

const root = { location: '/api/v1/jobs/ID', servers: ['/'], without: ['/'] };
const prefix = { 'x-forwarded-prefix': '/farhand' };

describe('what the API says of its own address', () => {
  it('is at the root, whatever somebody says who is not trusted', async () => {
    assert.deepEqual(await told({}), root);
    assert.deepEqual(await told({}, prefix), root);
    assert.deepEqual(await told({ trustedProxies: ['192.0.2.0/24'] }, prefix), root);
  });

  it('is below the prefix that a trusted proxy names, for those that come through it', async () => {
    const below = { location: '/farhand/api/v1/jobs/ID', servers: ['/farhand'], without: ['/'] };

    assert.deepEqual(await told({ trustedProxies: ['loopback'] }, prefix), below);
    assert.deepEqual(await told({ trustedProxies: ['loopback'] }, { 'x-forwarded-prefix': '/farhand/' }), below);
    assert.deepEqual(await told({ trustedProxies: ['loopback'] }, { 'x-forwarded-prefix': '/' }), root);
  });

  it('is at the root where a prefix is no path', async () => {
    for (const bad of [
      'farhand',
      '//evil.example',
      '/a//b',
      'https://evil.example',
      '/a b',
      '/a?b',
      '/a, /b',
      `/${'x'.repeat(300)}`,
    ])
      assert.deepEqual(await told({ trustedProxies: ['loopback'] }, { 'x-forwarded-prefix': bad }), root, bad);
  });

  it('is what the configuration says, before all else', async () => {
    const publicUrl = new URL('https://tools.example.org/far/hand/');
    const own = { location: '/far/hand/api/v1/jobs/ID', servers: ['https://tools.example.org/far/hand'] };

    assert.deepEqual(await told({ publicUrl, trustedProxies: ['loopback'] }, prefix), { ...own, without: own.servers });
  });
});
