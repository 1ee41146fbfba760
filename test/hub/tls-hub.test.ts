import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { createHub } from '../../hub/hub.ts';
import { keepEverything } from '../../hub/retention/retention-rules.ts';
import type { ClientCertificates } from '../../hub/tls/tls-options.ts';
import type { HubStatus } from '../../protocol/hub-status.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createTlsFolder } from '../support/tls-folder.ts';

checkLeaks();

const adminToken = 'test-administrator-token-0123456789abcdef';

/** A hub with TLS of its own. */
async function startSecureHub(clientCertificates: ClientCertificates = 'none') {
  const folder = createTlsFolder({ clientCertificates });
  const dataFolder = mkdtempSync(join(tmpdir(), 'farhand-tls-hub-'));
  const hub = await createHub({
    listen: { host: '127.0.0.1', port: 0 },
    dataFolder,
    tls: folder.files,
    adminToken,
    adminTokenFolder: null,
    lostAfterMs: 3_600_000,
    keep: keepEverything,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  const ca = readFileSync(folder.authority.path);
  return {
    hub,
    folder,
    /** Without a token it is the administrator who calls. */
    async call(
      method: string,
      path: string,
      {
        token = adminToken,
        body,
        headers,
        tls,
      }: {
        readonly token?: string;
        readonly body?: unknown;
        readonly headers?: Record<string, string>;
        readonly tls?: ConnectionOptions;
      } = {},
    ): Promise<{ readonly status: number | undefined; readonly text: string }> {
      const asked = request(`${hub.address}${path}`, {
        method,
        ca,
        agent: false,
        ...tls,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      });
      asked.end(body === undefined ? undefined : JSON.stringify(body));
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return { status: response.statusCode, text };
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
      rmSync(dataFolder, { recursive: true });
    },
  };
}

describe('a hub with TLS of its own', () => {
  it('says so in its address, and serves the API', async () => {
    await using place = await startSecureHub();

    assert.match(place.hub.address, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await place.call('GET', '/api/v1/agents')).status, 200);
  });

  it('shows what is left of its certificate, and what is wrong with new files, on /status and /metrics', async () => {
    await using place = await startSecureHub();
    rmSync(place.folder.files.keyPath);

    await place.hub.readAgain();

    const { text } = await place.call('GET', '/status');
    const { tls } = JSON.parse(text) as HubStatus;
    assert.equal(tls?.certificate.daysLeft, 99);
    assert.match(tls.problem ?? '', /FARHAND_TLS_KEY: .*ENOENT/);
    const page = await place.call('GET', '/status', { headers: { accept: 'text/html' } });
    assert.match(page.text, /new files are not in use/);
    const metrics = (await place.call('GET', '/metrics')).text;
    assert.match(metrics, /^farhand_hub_tls_files_unusable 1$/m);
    assert.match(metrics, /^farhand_hub_tls_expiry_timestamp_seconds\{which="certificate"\} \d+$/m);
    assert.match(metrics, /^farhand_hub_tls_reloads_total\{outcome="unusable"\} 1$/m);
  });

  it('counts who comes in plaintext', async () => {
    await using place = await startSecureHub();

    const answer = await fetch(place.hub.address.replace('https', 'http'));

    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /this port speaks TLS/);
    assert.match(
      (await place.call('GET', '/metrics')).text,
      /^farhand_hub_connections_refused_total\{reason="plaintext"\} 1$/m,
    );
  });

  it('asks for a token although a client certificate came', async () => {
    await using place = await startSecureHub('required');
    const tls = place.folder.clientAuthority.issue({ names: 'DNS:person', days: 1 });

    assert.equal((await place.call('GET', '/api/v1/agents', { tls, token: 'another' })).status, 401);
    assert.equal((await place.call('GET', '/api/v1/agents', { tls })).status, 200);
  });

  it('enrols an agent under no other name than that of its certificate', async () => {
    await using place = await startSecureHub('optional');
    const tls = place.folder.clientAuthority.issue({ names: 'URI:farhand:agent:default/a1', days: 1 });
    const { token } = JSON.parse((await place.call('POST', '/api/v1/join-tokens', { body: { uses: 5 } })).text) as {
      token: string;
    };
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const enrol = (name: string, as?: ConnectionOptions) =>
      place.call('POST', '/v1/enrol', {
        token,
        body: { name, publicKey: key, labels: {} },
        headers: {
          'farhand-proof': sign(null, Buffer.from(`farhand-enrol-v1\n${key}\n${name}`), privateKey).toString('base64'),
        },
        ...(as === undefined ? {} : { tls: as }),
      });

    const other = await enrol('a2', tls);
    const own = await enrol('a1', tls);

    assert.equal(other.status, 403);
    assert.match(
      other.text,
      /"code":"client-certificate-invalid".*is for farhand:agent:default\/a1, and the agent is default\/a2/,
    );
    assert.equal(own.status, 201);
  });
});
