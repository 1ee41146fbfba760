import { ApiError } from './api-error.ts';
import { EventParser } from './event-parser.ts';
import type { OperationRequest, ServerEvent } from './operations.ts';
import { pause } from './pause.ts';
import { readChunks } from './read-chunks.ts';
import type { Sender } from './sender.ts';

/** A hub says every 15 s that it is there: a connection that is silent for so long is dead. */
const silenceMs = 60_000;
const maxRetryMs = 15_000;

/**
 * The events of a stream, one after another, for as long as somebody asks for the next. When the connection is lost, or the hub leaves, it
 * connects again and goes on after the last event that was given out: none is missed. Gives up (`ApiError`) only when the hub refuses.
 */
export async function* watchEvents<Data>(
  send: Sender,
  request: OperationRequest,
): AsyncGenerator<ServerEvent<Data>, void> {
  let lastId = request.headers?.['Last-Event-ID'];
  let retryMs = 1_000;
  let failures = 0;
  for (;;) {
    const silent = new AbortController();
    const { signal } = request.options;
    const options = {
      ...request.options,
      signal: signal === undefined ? silent.signal : AbortSignal.any([silent.signal, signal]),
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silenceMs);
    };
    try {
      const headers = { ...request.headers, accept: 'text/event-stream', 'Last-Event-ID': lastId };
      const response = await send({ ...request, headers, options });
      failures = 0;
      const parser = new EventParser();
      listen();
      for await (const chunk of readChunks(response)) {
        listen();
        const piece = parser.push(chunk);
        retryMs = piece.retryMs ?? retryMs;
        for (const { id, event, data } of piece.events) {
          yield { id, event, data: JSON.parse(data) as Data };
        }
        lastId = piece.place ?? lastId;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SyntaxError)
        throw new ApiError('not-a-hub', 'an event came that is not JSON', { cause: error });
      if (error instanceof ApiError && !error.isPassing) throw error;
      failures++;
    } finally {
      clearTimeout(timer);
    }
    await pause(Math.min(retryMs * 2 ** Math.max(failures - 1, 0), maxRetryMs), signal);
  }
}
