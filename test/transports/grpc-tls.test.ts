import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createServer } from 'node:tls';
import { silentLogger } from '../../runtime/logger.ts';
import { createOutlet } from '../../runtime/network/outlet.ts';
import { noTlsSettings } from '../../runtime/network/tls-files.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { createGrpcTransport } from '../../transports/grpc/grpc-transport.ts';
import { createGrpcListener } from '../../transports/grpc/listener.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createAuthority } from '../support/certificates.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/turns.ts';
import { credential, forever } from './grpc-place.ts';

checkLeaks();

const folder = mkdtempSync(join(tmpdir(), 'farhand-grpc-tls-'));
const authority = createAuthority(folder);
after(() => rmSync(folder, { recursive: true }));

/** What stands before a hub and adds TLS. */
async function startSecurePlace({
  names = 'DNS:localhost,IP:127.0.0.1',
  protocols = ['h2'],
}: {
  readonly names?: string;
  readonly protocols?: string[];
} = {}) {
  const common = { clock: createVirtualClock(), limits: defaultLimits, logger: silentLogger };
  const listener = createGrpcListener<string>({
    ...common,
    authenticate: () => Promise.resolve({ type: 'admitted', principal: 'agent-1' }),
  });
  const names_ = new Set<string | false>();
  const server = createServer({ ...authority.issue({ names, days: 1 }), ALPNProtocols: protocols }, (socket) => {
    names_.add(socket.servername ?? '');
    listener.take(socket);
  });
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.on('close', () => {
      open -= 1;
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    names: names_,
    transportTo: (host: string, ca: string | null = authority.path) =>
      createGrpcTransport({
        ...common,
        url: `grpcs://${host}:${port}`,
        outlet: createOutlet({ ...common, choice: null, environment: {}, tls: { ...noTlsSettings, ca } }),
      }),
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      await until(() => open === 0, 'all connections to be gone');
      server.close();
      await once(server, 'close');
    },
  };
}

describe('grpcs', () => {
  for (const [host, servername] of [
    ['localhost', 'localhost'],
    ['127.0.0.1', ''],
  ] as const) {
    it(`carries messages to ${host} over TLS`, async () => {
      await using place = await startSecurePlace();
      const { control } = place.transportTo(host);

      const channel = await control.connect(credential, { signal: forever });
      await channel.send({ specversion: '1.0', id: '1', source: 's', type: 't' });
      await channel.close();

      assert.deepEqual(
        [...place.names].map((name) => name || ''),
        [servername],
      );
    });
  }

  it('trusts nobody whom the machine does not trust', async () => {
    await using place = await startSecurePlace();
    const { control } = place.transportTo('localhost', null);

    await assert.rejects(control.connect(credential, { signal: forever }), {
      code: 'refused',
      message: /no TLS connection to localhost:\d+: .*FARHAND_TLS_CA/,
    });
  });

  it('trusts no certificate of another host', async () => {
    await using place = await startSecurePlace({ names: 'DNS:elsewhere' });

    await assert.rejects(place.transportTo('localhost').control.connect(credential, { signal: forever }), {
      code: 'refused',
      message: /altnames/,
    });
  });

  it('says so of a server that speaks TLS and no HTTP/2', async () => {
    await using place = await startSecurePlace({ protocols: ['http/1.1'] });

    await assert.rejects(place.transportTo('localhost').control.connect(credential, { signal: forever }), {
      code: 'refused',
    });
  });
});
