import { open, stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { migrations } from '../../hub/store/sqlite/migrations.ts';
import type { ListenAddress } from '../../runtime/configuration/formats.ts';
import { isLoopback } from '../../runtime/configuration/loopback.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createDirectOutlet } from '../../runtime/network/outlet.ts';
import { type Check, type Found, fault, ok } from './check.ts';
import { isReady, readProblem } from './hub-answer.ts';
import { createHubProbe } from './hub-probe.ts';

/** What a hub needs on its own machine. */
export function createHubChecks({
  listen,
  data,
}: {
  readonly listen: ListenAddress;
  readonly data: string;
}): readonly Check[] {
  return [
    { name: 'listen', about: 'machine', look: () => judgeListen(listen) },
    { name: 'store', about: 'machine', look: () => judgeStore(join(data, 'hub.sqlite')) },
  ];
}

const firstFreePort = 1024;

async function judgeListen({ host, port }: ListenAddress): Promise<Found> {
  const shown = `${host}:${port}`;
  const isAny = host === '0.0.0.0' || host === '::';
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  const isAddress = /^[\d.]+$|:/.test(host);
  if (isAddress && !isAny && !isLoopback(host) && !own.includes(host)) {
    return fault(
      `${host} is no address of this machine, so nothing can listen there`,
      `Take one of ${own.slice(0, 6).join(', ')}: FARHAND_LISTEN=127.0.0.1:${port}`,
    );
  }
  if (port === 0) return ok('any free port is taken');
  const local = isAny ? '127.0.0.1' : host;
  const address = new URL(`http://${local.includes(':') ? `[${local}]` : local}:${port}`);
  const probe = createHubProbe(address, createDirectOutlet({ logger: silentLogger }));
  if ((await probe.connection()).type === 'done') {
    const readiness = await probe.readiness();
    const answer = readiness.type === 'done' ? readiness.value.answer : null;
    if (answer !== null && (isReady(answer) || readProblem(answer)?.code === 'tls-needed'))
      return ok(`a hub answers at ${shown}`);
    return fault(
      `${shown} is taken by another program`,
      `See which (ss -ltnp 'sport = :${port}') and stop it, or choose another address: FARHAND_LISTEN=127.0.0.1:0 takes any free port`,
    );
  }
  if (port < firstFreePort && process.getuid?.() !== 0) {
    return fault(
      `port ${port} is for root alone on most machines`,
      'Take one from 1024 on (FARHAND_LISTEN=127.0.0.1:7400), or give the unit AmbientCapabilities=CAP_NET_BIND_SERVICE',
    );
  }
  return ok(`${shown} is free`);
}

const magic = 'SQLite format 3\0';
/** Where the file keeps the number of its schema. Source: the SQLite file format, §1.3. */
const versionOffset = 60;

/** Reads the head of the file only: opening it as a database would make files beside it. */
async function judgeStore(path: string): Promise<Found> {
  const status = await stat(path).catch(() => null);
  if (status === null) return ok('there is none yet; it is made at the first start');
  if (status.size === 0) return ok('it is empty yet');
  const head = Buffer.alloc(100);
  await using file = await open(path, 'r');
  await file.read(head, 0, head.length, 0);
  if (head.toString('latin1', 0, magic.length) !== magic) {
    return fault(
      `${path} is not a store: expected a SQLite file`,
      'Bring it back from a backup; move it away to begin with an empty one',
    );
  }
  const version = head.readUInt32BE(versionOffset);
  if (version > migrations.length) {
    return fault(
      `the store has schema ${version}, and this farhand knows ${migrations.length}: a newer farhand changed it`,
      'Run that newer farhand, or bring back a copy from before',
    );
  }
  return ok(`${path} is a store that this farhand can open`);
}
