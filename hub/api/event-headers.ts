import { ApiEvent } from '../../protocol/api-event.ts';

/** Of an answer that is a stream of server-sent events. Proxies must not hold it back. */
export const eventHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const;

/** The same, as it is described. */
export const eventAnswers = {
  200: {
    description:
      'Server-sent events. `id` is a place in the audit, `event` the action, `data` an `ApiEvent` as JSON; comments between them say that the hub is still there',
    media: 'text/event-stream',
    eventData: ApiEvent,
  },
} as const;
