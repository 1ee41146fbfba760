import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IntentCause } from '../../agent/attempts/attempt-records.ts';
import { openTombstones } from '../../agent/attempts/tombstones.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { StorePlace } from '../../protocol/seen-store.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import type { AgentPlace } from './agent-place.ts';
import { machineBootId } from './agent-place.ts';

export interface Planted {
  /** There was a document, written in this boot of the machine or in another one. */
  readonly document?: 'this-boot' | 'another-boot';
  /** The exact content of `started`. */
  readonly started?: string;
  readonly exit?: string;
  readonly intent?: IntentCause;
  readonly raw?: string;
  readonly result?: AttemptResult;
  readonly tombstone?: boolean;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly desired?: 'run' | 'cancel';
  readonly timeoutMs?: number;
  /** Of the automation; records of earlier versions name none. */
  readonly kind?: string;
  /** Who ran the command; records of earlier versions name nobody. */
  readonly executor?: string;
  /** How far the hub's store was when it gave the document. */
  readonly store?: StorePlace;
  /** What the command left beside, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What to run afterwards. */
  readonly afterPlan?: object;
  /** The boot in which that was begun. */
  readonly after?: string;
  /** Length of the log when it was. */
  readonly afterBytes?: number;
  /** What the log may have; a job that prints more fails. */
  readonly limitBytes?: number;
  /** What the log may have; what comes behind it is dropped. */
  readonly gapBytes?: number;
}

export const recovered = 'recovered\n';

/** A process that is certainly not alive any more, as the wrapper would have written it. */
export const dead = `${process.pid} 1\n`;

/** This process as the wrapper would write itself. */
export function startedBy(pid: number): string {
  const words = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return `${pid} ${words[19]}\n`;
}

/** Puts an attempt's folder into the data folder, as an earlier agent left it, and makes the hub know of it. */
export async function plant(place: AgentPlace, planted: Planted): Promise<string> {
  const { hub, data } = place;
  const secrets = planted.secrets ?? {};
  const id = hub.offer(
    { automation: 'sh', parameters: {}, secrets },
    { documentSent: planted.document !== undefined, desired: planted.desired ?? 'run' },
  );
  const attempt = hub.get(id);
  const folderId = randomUUID();
  if (planted.document !== undefined) attempt.folderId = folderId;
  const folder = place.attemptFolder(id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const put = (name: string, content: string | undefined) =>
    content === undefined ? Promise.resolve() : writeFile(join(folder, name), content);
  const { job } = attempt.offer;
  const claim = { attempt: id, folderId, job, automation: 'sh', digest: null, claimedAt: new Date().toISOString() };
  await put('claim.json', JSON.stringify(claim));
  if (planted.document !== undefined) {
    const document = {
      job,
      attempt: id,
      number: 1,
      account: 'default',
      automation: 'sh',
      digest: null,
      parameters: {},
      secretNames: Object.keys(secrets),
      timeoutSeconds: null,
      traceparent: null,
      tracestate: null,
    };
    const terms = {
      timeoutMs: planted.timeoutMs ?? null,
      logLimitBytes: planted.gapBytes ?? planted.limitBytes ?? null,
      logOver: planted.gapBytes === undefined ? 'fail' : 'gap',
      graceMs: null,
      outputs: null,
      kind: planted.kind,
      executor: planted.executor,
      after: planted.afterPlan,
    };
    const boot = planted.document === 'this-boot' ? machineBootId : 'another boot';
    await put('document.json', JSON.stringify({ machineBootId: boot, document, terms, store: planted.store }));
  }
  for (const [name, content] of Object.entries(planted.files ?? {})) await put(name, content);
  await put('started', planted.started);
  await put('exit', planted.exit);
  await put('raw', planted.raw);
  if (planted.intent !== undefined) {
    await put('intent.json', JSON.stringify({ cause: planted.intent, at: new Date().toISOString() }));
  }
  if (planted.after !== undefined) {
    const marker = { machineBootId: planted.after, rawBytes: planted.afterBytes ?? 0, at: new Date().toISOString() };
    await put('after.json', JSON.stringify(marker));
  }
  if (planted.result !== undefined) {
    await put('result.json', JSON.stringify({ result: planted.result, rawBytes: (planted.raw ?? '').length }));
  }
  if (planted.tombstone === true) {
    await mkdir(join(data, 'tombstones'), { recursive: true });
    await openTombstones(systemFileSystem, join(data, 'tombstones')).add(id);
  }
  return id;
}
