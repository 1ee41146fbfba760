import type { Clock } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { AuditRecord } from '../store/records.ts';
import type { AuditTopic, AuditWatch } from './audit-watch.ts';
import type { EventPlaces } from './event-places.ts';
import { toTimestamp } from './timestamp.ts';

const pageSize = 200;
/** Events of so long go out together: a reader costs one look for many events. */
const gatherMs = 50;
/** How soon a reader whose connection broke may come back: a hub that restarts is there again by then. */
const retryMs = 2_000;

export interface EventStreamOptions {
  /** Events after this one, in order. */
  readonly read: (after: number, limit: number) => Promise<readonly AuditRecord[]>;
  /** What the reader gets of it. */
  readonly shows: (event: AuditRecord) => boolean;
  readonly after: number;
  readonly topic: AuditTopic;
  readonly places: EventPlaces;
  readonly watch: AuditWatch;
  /** What is told beside the audit, without a place in it: only the newest, and not again after a reader comes back. */
  readonly live?: LiveNews;
  readonly clock: Clock;
  readonly heartbeatMs: number;
  readonly signal: AbortSignal;
}

export interface LiveNews {
  /** Resolves when there may be something new, or when `signal` aborts. */
  next(signal: AbortSignal): Promise<void>;
  /** What is new since the last call; null when nothing is. */
  take(): Promise<{ readonly event: string; readonly data: object } | null>;
}

/**
 * Server-sent events of what is read, for as long as somebody listens; between them a comment now and then, so that both ends notice
 * when the other is gone. The id is the place in the audit, and stands at the beginning, too: a reader that sends it back as
 * `Last-Event-ID` misses nothing, even if it lost its connection before the first event.
 */
export async function* streamEvents(options: EventStreamOptions): AsyncGenerator<string, void> {
  const { read, shows, topic, places, watch, live, clock, heartbeatMs, signal } = options;
  let after = options.after;
  yield `: farhand events\nretry: ${retryMs}\nid: ${places.toId(topic.account, after)}\n\n`;
  while (!signal.aborted) {
    // Listening first: what comes while the store is read would be missed the other way round.
    const heard = new AbortController();
    const stop = () => heard.abort('over');
    signal.addEventListener('abort', stop);
    const next = Promise.race([
      watch.next(topic, heard.signal),
      ...(live === undefined ? [] : [live.next(heard.signal)]),
    ]);
    try {
      const events = await read(after, pageSize);
      for (const event of events) if (shows(event)) yield toEventText(event, places);
      after = events.at(-1)?.sequence ?? after;
      if (events.length === pageSize) continue;
      const news = await live?.take();
      if (news !== undefined && news !== null) yield `event: ${news.event}\ndata: ${JSON.stringify(news.data)}\n\n`;
      const silence = sleep(clock, heartbeatMs, heard.signal).then(() => 'silence' as const);
      const first = await Promise.race([next.then(() => 'news' as const), silence]);
      if (signal.aborted) return;
      if (first === 'silence') yield ': still here\n\n';
      else await sleep(clock, gatherMs, signal);
    } finally {
      stop();
      signal.removeEventListener('abort', stop);
    }
  }
}

function toEventText({ sequence, account, at, actor, action, object, data }: AuditRecord, places: EventPlaces): string {
  const text = JSON.stringify({ at: toTimestamp(at), actor, action, object, data });
  return `id: ${places.toId(account, sequence)}\nevent: ${action}\ndata: ${text}\n\n`;
}
