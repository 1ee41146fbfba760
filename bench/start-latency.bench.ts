import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { execa } from 'execa';
import { WebSocket, WebSocketServer } from 'ws';
import { commands, createBenchPlace } from './bench-place.ts';
import { printRow, quantile } from './report.ts';

/** How long one job takes on an idle hub and agent: to its process, and to its result, beside a bare spawn and a bare round trip. */
const rounds = Number(process.env['JOBS'] ?? 100);

const now = () => performance.timeOrigin + performance.now();
const toMs = (nanoseconds: string) => Number(BigInt(nanoseconds.trim()) / 1000n) / 1000;

interface Times {
  readonly started: number[];
  readonly ended: number[];
}

async function repeat(run: () => Promise<string>): Promise<Times> {
  const times: Times = { started: [], ended: [] };
  for (let round = -5; round < rounds; round += 1) {
    const from = now();
    const moment = await run();
    const to = now();
    if (round < 0) continue;
    times.started.push(toMs(moment) - from);
    times.ended.push(to - from);
  }
  return times;
}

async function measureRoundTrips(): Promise<number[]> {
  const server = new WebSocketServer({ port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    perMessageDeflate: false,
  });
  await once(client, 'open');
  const times: number[] = [];
  for (let round = 0; round < 1000; round += 1) {
    const from = now();
    client.send('x'.repeat(256));
    await once(client, 'message');
    times.push(now() - from);
  }
  client.terminate();
  server.close();
  return times;
}

const [program, ...rest] = commands.moment;
await using place = await createBenchPlace({ slots: 1 });
const jobs = await repeat(async () => place.log(await place.submit('moment')));
const bare = await repeat(async () => (await execa(program, rest)).stdout);
const trips = await measureRoundTrips();

const row = (what: string, values: readonly number[]) => printRow(what, quantile(values, 0.5), quantile(values, 0.99));
printRow('ms', 'p50', 'p99');
printRow('---', '---', '---');
row('job: submit to process', jobs.started);
row('bare spawn: call to process', bare.started);
row('job: submit to result', jobs.ended);
row('bare spawn: call to end', bare.ended);
row('bare websocket round trip', trips);
