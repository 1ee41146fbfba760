import type { Translation } from './translator.ts';

type Message = Readonly<Record<string, unknown>>;

/** Objects whose keys are somebody's data and no vocabulary. */
const data = new Set(['parameters', 'outputs', 'facts', 'labels', 'secrets']);

function isObject(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Each object of the vocabulary gets a key that nobody knows yet. */
function withMoreKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMoreKeys);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, data.has(key) ? item : withMoreKeys(item)]);
  return { ...Object.fromEntries(entries), ofTomorrow: { deep: ['more', null] } };
}

/** Replaces what stands at each path, where something does. */
function withValues(message: Message, values: Readonly<Record<string, (now: unknown) => unknown>>): Message {
  const change = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => change(item, `${path}/*`));
    const changed = isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, `${path}/${key}`)]))
      : value;
    return values[path]?.(changed) ?? changed;
  };
  return change(message, '') as Message;
}

const laterEvents = [
  'io.farhand.v1.weather.status.update_request',
  'io.farhand.v1.jobs.status.merge_request',
  'io.farhand.v2',
];

/** A hub and an agent of the next version: more keys, words, frames, resources and kinds of event than this one knows. */
export function createFuture(version: string): Translation {
  const words = {
    '/data/version': () => version,
    '/data/protocols': (known: unknown) => [...(known as number[]), 2],
    '/data/health/state': () => 'state-of-tomorrow',
    '/data/admission/state': () => 'state-of-tomorrow',
    '/data/admission/values/cpu/from': () => 'source-of-tomorrow',
    '/data/phase': (phase: unknown) => (phase === 'declined' ? phase : 'phase-of-tomorrow'),
    '/data/reason': (reason: unknown) => (reason === null ? null : 'reason-of-tomorrow'),
  };
  const endings = {
    '/result/cause': (cause: unknown) => (cause === 'exit-code' || cause === 'cancelled' ? cause : 'cause-of-tomorrow'),
    '/result/log/gaps/*/why': () => 'why-of-tomorrow',
  };
  return {
    event: (message) => [
      withMoreKeys(withValues(message, words)) as Message,
      ...laterEvents.map((type) => ({
        ...message,
        id: `${String(message['id'])}-more`,
        type,
        data: { weather: 'fine' },
      })),
    ],
    frame: (message) => [
      withMoreKeys(withValues(message, endings)) as Message,
      { type: 'weather', weather: 'fine', of: [message['type']] },
    ],
    body: (message) => withMoreKeys(message) as Message,
  };
}

const optional = ['time', 'datacontenttype', 'originalsource', 'statushash', 'traceparent'];
/** Of an agent's report. */
const optionalReport = ['admission'];
/** Of lists and digests. */
const optionalData = ['scope', 'digest', 'sequenceID', 'gone'];

function without(message: Message, keys: readonly string[]): Message {
  return Object.fromEntries(Object.entries(message).filter(([key]) => !keys.includes(key)));
}

/** A hub and an agent of the version before: they say nothing that may be left out. */
export function createPast(version: string): Translation {
  return {
    event: (message) => {
      const spoken = withValues(without(message, optional), { '/data/version': () => version });
      const said = spoken['data'];
      const isResync = String(message['type']).includes('.resync_');
      if (!isObject(said)) return [spoken];
      return [{ ...spoken, data: without(said, isResync ? [...optionalData, ...optionalReport] : optionalReport) }];
    },
    frame: (message) => [message],
    body: (message) => message,
  };
}
