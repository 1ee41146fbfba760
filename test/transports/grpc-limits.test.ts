import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { describe, it } from 'node:test';
import { controlCodec } from '../../transports/grpc/wire.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until, untilStill } from '../support/turns.ts';
import { credential, forever, startGrpcPlace, transportTo } from './grpc-place.ts';

checkLeaks();

const control = {
  ':method': 'POST',
  ':path': '/farhand.v1.Agents/Control',
  'content-type': 'application/grpc',
  te: 'trailers',
  authorization: 'Farhand agent-1',
};

const event = { specversion: '1.0', id: '1', source: 's', type: 't' } as const;
const ping = framed(controlCodec.encode({ type: 'ping' }));

/** As gRPC puts it on a stream. */
function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, message.length >> 8, message.length & 0xff]), message]);
}

describe('grpc limits', () => {
  it('lets a megabyte be on its way to the hub, so that a far line is not slow', async () => {
    await using place = await startGrpcPlace();
    const client = connect(`http://127.0.0.1:${place.port}`);
    const request = client.request(control);
    request.on('error', () => {});
    await once(request, 'response');

    await until(() => client.state.remoteWindowSize === 1024 * 1024, 'the window of the connection to be wide');
    assert.equal(client.remoteSettings.initialWindowSize, 1024 * 1024);

    client.destroy();
  });

  it('gives nobody a wide window who was not accepted', async () => {
    await using place = await startGrpcPlace(() =>
      Promise.resolve({ type: 'refused', code: 'unauthorized', message: '', retryAfterMs: null }),
    );
    const client = connect(`http://127.0.0.1:${place.port}`);
    const request = client.request(control);
    request.on('error', () => {});
    await once(request, 'response');

    assert.equal(client.remoteSettings.initialWindowSize, 65_535);

    client.destroy();
  });

  it('reads nothing of a message that is beyond all limits', async () => {
    await using place = await startGrpcPlace();
    const client = connect(`http://127.0.0.1:${place.port}`);
    const request = client.request(control);
    request.on('error', () => {});
    const trailers = once(request, 'trailers');
    await once(request, 'response');
    const accepted = await place.listener[Symbol.asyncIterator]().next();
    assert.ok(accepted.done !== true);

    request.resume();
    request.write(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]));

    const [headers] = (await trailers) as [Record<string, string>];
    assert.equal(headers['grpc-status'], '8');
    client.destroy();
    const reason = await accepted.value.channel.closed;
    assert.equal(reason.type === 'failure' && reason.error.code, 'broken');
  });

  it('answers no pings of one who reads no answers', async () => {
    await using place = await startGrpcPlace(undefined, { sendHighBytes: 1_000 });
    const client = connect(`http://127.0.0.1:${place.port}`, { settings: { initialWindowSize: 0 } });
    const request = client.request(control);
    request.on('error', () => {});
    let answeredBytes = 0;
    request.on('data', (chunk: Buffer) => {
      answeredBytes += chunk.length;
    });
    await once(request, 'response');
    const accepted = await place.listener[Symbol.asyncIterator]().next();
    assert.ok(accepted.done !== true);
    const { channel } = accepted.value;

    for (let pings = 0; pings < 2_000; pings += 1) request.write(ping);
    const last = controlCodec.encode({ type: 'message', message: event });
    request.write(framed(last));
    await channel[Symbol.asyncIterator]().next();
    client.settings({ initialWindowSize: 65_535 });
    await until(() => answeredBytes > 0, 'some answers');
    await untilStill(() => answeredBytes);

    assert.ok(answeredBytes < 3_000, `expected answers of little more than 1000 bytes, got ${answeredBytes}`);
    client.destroy();
    await channel.closed;
  });

  it('fails, and nothing else, when bytes come that are no HTTP/2', async () => {
    for (const direction of ['up', 'down'] as const) {
      await using place = await startGrpcPlace();
      await using proxy = await startTcpProxy(place.port);
      const channel = await transportTo(`grpc://127.0.0.1:${proxy.port}`).control.connect(credential, {
        signal: forever,
      });
      const accepted = await place.listener[Symbol.asyncIterator]().next();
      assert.ok(accepted.done !== true);

      proxy.inject(direction, Buffer.alloc(64, 0xff));

      assert.equal((await channel.closed).type, 'failure');
      assert.equal((await accepted.value.channel.closed).type, 'failure');
    }
  });
});
