import type { CloudEvent } from '../protocol/cloud-event.ts';
import { type EventType, formatEventType } from '../protocol/event-type.ts';
import type { JsonValue } from '../protocol/json.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

export type Extensions = Pick<
  CloudEvent,
  | 'originalsource'
  | 'resourceid'
  | 'resourceversion'
  | 'deletiontimestamp'
  | 'sequenceid'
  | 'statushash'
  | 'traceparent'
>;

/** Puts events of one side of one link together: everything but what the event is about. */
export interface EventWriter {
  /** `data` of null is left out. */
  write(type: EventType, extensions: Extensions, data: JsonValue | null): CloudEvent;
}

export function createEventWriter(options: {
  /** The CloudEvents source: who speaks. */
  readonly source: string;
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
}): EventWriter {
  const { source, cluster, clock, random } = options;
  return {
    write: (type, extensions, data) => ({
      specversion: '1.0',
      id: random.uuid(),
      source,
      type: formatEventType(type),
      time: new Date(clock.now()).toISOString(),
      clustername: cluster,
      originalsource: '',
      ...extensions,
      ...(data === null ? {} : { datacontenttype: 'application/json', data }),
    }),
  };
}
