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

export interface EventWriterOptions {
  /** The CloudEvents source: who speaks. */
  readonly source: string;
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
}

class CommonWriter implements EventWriter {
  readonly #source: string;
  readonly #cluster: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ source, cluster, clock, random }: EventWriterOptions) {
    this.#source = source;
    this.#cluster = cluster;
    this.#clock = clock;
    this.#random = random;
  }

  write(type: EventType, extensions: Extensions, data: JsonValue | null): CloudEvent {
    return {
      specversion: '1.0',
      id: this.#random.uuid(),
      source: this.#source,
      type: formatEventType(type),
      time: new Date(this.#clock.now()).toISOString(),
      clustername: this.#cluster,
      originalsource: '',
      ...extensions,
      ...(data === null ? {} : { datacontenttype: 'application/json', data }),
    };
  }
}

export function createEventWriter(options: EventWriterOptions): EventWriter {
  return new CommonWriter(options);
}
