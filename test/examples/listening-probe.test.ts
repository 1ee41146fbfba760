import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { copyFile, link, mkdtempDisposable } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { runShippedProbe } from './probe-place.ts';

checkLeaks();

interface ToldSocket {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly program: string | null;
}

async function listen(host: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const program = basename(realpathSync(process.execPath));
const awks = ['/usr/bin/mawk', '/usr/bin/gawk', '/usr/bin/original-awk'];

describe('the probe of listening services', () => {
  test('tells the TCP sockets of this machine with address, port and program', async () => {
    await using four = await listen('127.0.0.1');
    await using six = await listen('::1');
    await using any = await listen('0.0.0.0');
    await using anySix = await listen('::');

    const { sockets } = await runShippedProbe('listening');

    const ports = [four.port, six.port, any.port, anySix.port];
    const ours = sockets.filter(({ port }: ToldSocket) => ports.includes(port));
    assert.deepEqual(
      ports.map((port) => ours.find((told: ToldSocket) => told.port === port)),
      ['127.0.0.1', '::1', '0.0.0.0', '::'].map((address, index) => ({
        protocol: 'tcp',
        address,
        port: ports[index],
        program,
      })),
    );
  });

  test('tells UDP sockets that listen, and none that most likely is a client', async () => {
    const server = createSocket('udp4');
    const client = createSocket('udp4');
    // Below what the system gives to whoever asks for any port.
    server.bind(17_123, '127.0.0.1');
    client.bind(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(client, 'listening')]);

    const { sockets } = await runShippedProbe('listening');

    const ports = [server.address().port, client.address().port];
    server.close();
    client.close();
    const told = sockets.filter(({ port, protocol }: ToldSocket) => protocol === 'udp' && ports.includes(port));
    assert.deepEqual(told, [{ protocol: 'udp', address: '127.0.0.1', port: 17_123, program }]);
  });

  test('tells them by port, each once, so that nothing but a change is one', async () => {
    await using one = await listen('127.0.0.1');
    await using other = await listen('127.0.0.1');

    const { sockets } = await runShippedProbe('listening');

    const ports = sockets.map(({ port }: ToldSocket) => port);
    const ours = ports.filter((port: number) => port === one.port || port === other.port);
    assert.deepEqual(
      ours,
      [one.port, other.port].toSorted((a, b) => a - b),
    );
  });

  for (const awk of awks) {
    test(`tells the same with ${awk}`, { skip: existsSync(awk) ? false : `${awk} is not installed here` }, async () => {
      await using server = await listen('::1');

      const { sockets } = await runShippedProbe('listening', { programs: { awk: { file: awk } } });

      const told = sockets.find(({ port }: ToldSocket) => port === server.port);
      assert.deepEqual(told, { protocol: 'tcp', address: '::1', port: server.port, program });
    });
  }

  test('works where busybox is all there is', {
    skip: !existsSync('/bin/busybox') && 'there is no busybox here',
  }, async () => {
    await using server = await listen('127.0.0.1');
    const tools = ['sh', 'awk', 'sed', 'ls', 'sort', 'cat'];

    const { sockets } = await runShippedProbe('listening', {
      programs: Object.fromEntries(tools.map((tool) => [tool, { file: '/bin/busybox' }])),
      isClosed: true,
    });

    const told = sockets.find(({ port }: ToldSocket) => port === server.port);
    assert.deepEqual(told, { protocol: 'tcp', address: '127.0.0.1', port: server.port, program });
  });

  test('is JSON whatever a program is called', async () => {
    // Beside the program itself, so that the second name is no copy of a hundred megabytes.
    const real = realpathSync(process.execPath);
    await using folder = await mkdtempDisposable(join(dirname(real), '.farhand-test-'));
    const name = Buffer.concat([Buffer.from('a "b" \\ $(id) é '), Buffer.from([0x80, 0xff, 0x01])]);
    const path = Buffer.concat([Buffer.from(`${folder.path}/`), name]);
    await link(real, path).catch(() => copyFile(real, path));
    const script =
      "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
    const child = spawn('sh', ['-c', 'exec ./* -e "$0"', script], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const listening = Number(line.toString());

    const { sockets } = await runShippedProbe('listening');

    child.kill('SIGKILL');
    await once(child, 'close');
    const told = sockets.find(({ port }: ToldSocket) => port === listening);
    assert.equal(told?.program, 'a "b" \\ $(id) é \ufffd\ufffd\u0001');
  });
});
