import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeCertificateNames } from '../../../hub/identity/certificate-names.ts';
import { holdToCertificate } from '../../../hub/identity/hold-to-certificate.ts';
import { silentLogger } from '../../../runtime/logger.ts';

const agent = { account: 'default', name: 'a1' };
const withUris = (...uris: readonly string[]) => ({ subject: 'CN=x', issuer: 'CN=ca', uris });

describe('a client certificate', () => {
  for (const [what, certificate] of Object.entries({
    'that is not there': null,
    'without names': withUris(),
    'that names something else': withUris('spiffe://example.org/farhand', 'https://example.org'),
    'that names the agent': withUris('farhand:agent:default/a1'),
    'that names several agents, this one too': withUris('farhand:agent:default/a2', 'farhand:agent:default/a1'),
  })) {
    it(`${what} is good for the agent`, () => {
      assert.equal(judgeCertificateNames(certificate, agent), null);
    });
  }

  for (const uri of [
    'farhand:agent:default/a2',
    'farhand:agent:other/a1',
    'farhand:agent:default/a1/',
    'farhand:agent:default/A1',
    'farhand:agent:',
  ]) {
    it(`that names ${uri} is not good for default/a1`, () => {
      const complaint = judgeCertificateNames(withUris(uri), agent);

      assert.equal(
        complaint,
        `the client certificate is for ${uri}, and the agent is default/a1: give each agent a certificate of its own`,
      );
    });
  }
});

describe('an agent that signed the challenge', () => {
  const principal = { id: '1', ...agent };
  const ask = (uris: readonly string[]) =>
    holdToCertificate(() => Promise.resolve({ type: 'admitted', principal }), { logger: silentLogger })({
      presented: 'x',
      target: '/v1/control',
      remote: '192.0.2.1',
      certificate: withUris(...uris),
    });

  it('gets in with a certificate of its own', async () => {
    assert.deepEqual(await ask(['farhand:agent:default/a1']), { type: 'admitted', principal });
  });

  it('does not get in with one of another agent', async () => {
    const admission = await ask(['farhand:agent:default/a2']);

    assert.equal(admission.type === 'refused' && admission.code, 'forbidden');
  });

  it('does not get in by a certificate alone', async () => {
    const refusing = holdToCertificate(
      () => Promise.resolve({ type: 'refused', code: 'unauthorized', message: 'no', retryAfterMs: null }),
      { logger: silentLogger },
    );

    const admission = await refusing({
      presented: null,
      target: '/v1/control',
      remote: '192.0.2.1',
      certificate: withUris('farhand:agent:default/a1'),
    });

    assert.equal(admission.type, 'refused');
  });
});
