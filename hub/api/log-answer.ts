import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { LogStore } from '../logs/log-store.ts';
import type { AttemptRecord } from '../store/records.ts';
import type { ApiContext } from './api-context.ts';
import { ApiProblem } from './api-problem.ts';
import { parseByteRange } from './byte-range.ts';
import { followLog, type LogStretch } from './followed-log.ts';
import type { WatchedJob } from './job-watch.ts';
import { readStretch } from './read-stretch.ts';
import { toTimestamp } from './timestamp.ts';
import { TimestampedLines } from './timestamped-lines.ts';

const Flag = z
  .enum(['true', 'false', '1', '0', ''])
  .default('false')
  .transform((text) => text !== 'false' && text !== '0')
  .meta({ parameter: { type: 'boolean', default: false } });

/** Query of both routes that give a log. */
export const LogQuery = z.strictObject({
  follow: Flag.describe('stay until the end of the job'),
  timestamps: Flag.describe('a time before each line'),
  offset: z
    .string()
    .regex(/^\d{1,15}$/, 'expected a number of bytes')
    .default('0')
    .transform(Number)
    .meta({ parameter: { type: 'integer', minimum: 0, default: 0 } })
    .describe('with follow: how many bytes to leave out at the beginning, to go on where a reader broke off'),
});
export type LogQuery = z.infer<typeof LogQuery>;

/** What both routes answer. */
export const logAnswers = {
  200: {
    description: 'The bytes that the program printed, standard output and error in one stream, secrets masked',
    headers: ['Accept-Ranges'],
    media: 'text/plain',
  },
  206: { description: 'The range', headers: ['Content-Range', 'Accept-Ranges'], media: 'text/plain' },
} as const;

const baseHeaders = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' } as const;

/** Answers with the log as far as it is durable: all of it, a range, or with a time before each line. */
export async function answerLog(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { attempt: record, query }: { readonly attempt: AttemptRecord | null; readonly query: LogQuery },
): Promise<void> {
  const { logs, readers } = context;
  refuseRemoved(record);
  const attempt = record?.id ?? null;
  if (query.offset > 0)
    throw new ApiProblem('query-invalid', '/offset: goes with follow=true; without it, ask with a Range');
  const length = attempt === null ? 0 : await logs.length(attempt);
  if (query.timestamps) {
    refuseRange(request, 'timestamps=true');
    await readers.serve(reply, {
      status: 200,
      headers: baseHeaders,
      body: () => (attempt === null ? empty() : new TimestampedLines(logs).render({ attempt, start: 0, end: length })),
      follower: null,
    });
    return;
  }
  const header = request.headers.range;
  const range = header === undefined ? { start: 0, end: length } : parseByteRange(header, length);
  const partial = { 'content-range': `bytes ${range.start}-${range.end - 1}/${length}` };
  await readers.serve(reply, {
    status: header === undefined ? 200 : 206,
    headers: {
      ...baseHeaders,
      'accept-ranges': 'bytes',
      'content-length': range.end - range.start,
      ...(header === undefined ? {} : partial),
    },
    body: () => (attempt === null ? empty() : readStretch(logs, { attempt, ...range })),
    follower: null,
  });
}

/** Answers with the log as it grows, until the job has ended. The watched job belongs to the answer from here on. */
export async function answerFollowedLog(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { watched, query }: { readonly watched: WatchedJob; readonly query: LogQuery },
): Promise<void> {
  using job = watched;
  refuseRemoved(job.job);
  refuseRange(request, 'follow=true; use offset');
  if (query.offset > 0 && query.timestamps) {
    throw new ApiProblem('query-invalid', '/offset: counts bytes of the log, so it does not go with timestamps=true');
  }
  const render = createRenderer(context.logs, query);
  await context.readers.serve(reply, {
    status: 200,
    headers: baseHeaders,
    body: async function* (signal) {
      for await (const stretch of followLog({ logs: context.logs, watched: job, start: query.offset, signal })) {
        yield* render(stretch);
      }
    },
    follower: job.job.account,
  });
}

/** Nothing where something was would be no answer. */
function refuseRemoved(kept: Pick<AttemptRecord, 'log'> | null): void {
  const removedAt = kept?.log?.removedAt ?? null;
  if (removedAt === null) return;
  throw new ApiProblem(
    'log-removed',
    `the log had ${kept?.log?.bytes} bytes and was removed ${toTimestamp(removedAt)}, to keep no more than FARHAND_KEEP_LOG_BYTES of the hub; its length and digest are still with the job`,
  );
}

function createRenderer(logs: LogStore, query: LogQuery): (stretch: LogStretch) => AsyncIterable<Uint8Array> {
  if (!query.timestamps) return (stretch) => readStretch(logs, stretch);
  const lines = new TimestampedLines(logs);
  return (stretch) => lines.render(stretch);
}

function refuseRange(request: FastifyRequest, instead: string): void {
  if (request.headers.range === undefined) return;
  throw new ApiProblem('header-invalid', `Range: does not go with ${instead}`);
}

async function* empty(): AsyncGenerator<Uint8Array, void> {}
