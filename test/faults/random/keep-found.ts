import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultAgent, FaultPlace } from '../../support/fault-place.ts';

/** What is there of it when something was not as it must be: everybody's log and data, and what the jobs wrote down. */
export async function keepFound(place: FaultPlace, agents: readonly FaultAgent[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-found-'));
  await cp(place.folder, join(folder, 'place'), { recursive: true });
  await cp(place.hubData, join(folder, 'hub-data'), { recursive: true });
  for (const { name, data } of agents) await cp(data, join(folder, `${name}-data`), { recursive: true });
  return folder;
}
