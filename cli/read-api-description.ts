import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHub } from '../hub/hub.ts';
import { keepEverything } from '../hub/retention/retention-rules.ts';
import type { JsonObject } from '../protocol/json.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLogger } from '../runtime/logger.ts';
import { createDirectOutlet } from '../runtime/network/outlet.ts';
import { createOutletFetch } from '../runtime/network/outlet-fetch.ts';
import { systemRandom } from '../runtime/random.ts';

/** What `GET /api/v1/openapi.json` answers, asked of a hub that lives only for it. */
export async function readApiDescription(): Promise<JsonObject> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-description-'));
  const adminToken = Buffer.from(systemRandom.bytes(32)).toString('base64url');
  try {
    await using hub = await createHub({
      listen: { host: '127.0.0.1', port: 0 },
      dataFolder: folder,
      adminToken,
      adminTokenFolder: null,
      lostAfterMs: 3_600_000,
      keep: keepEverything,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    const fetch = createOutletFetch(createDirectOutlet({ logger: silentLogger }));
    const answer = await fetch(`${hub.address}/api/v1/openapi.json`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    return (await answer.json()) as JsonObject;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
