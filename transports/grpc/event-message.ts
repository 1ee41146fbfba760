import { CloudEvent } from '../../protocol/cloud-event.ts';
import { JsonValue } from '../../protocol/json.ts';
import { parse, parseJson } from '../../protocol/parse.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import type { Timestamp } from './generated/google/protobuf/timestamp.ts';
import type {
  CloudEvent_CloudEventAttributeValue as AttributeValue,
  CloudEvent as EventMessage,
} from './generated/io/cloudevents/v1/cloudevents.ts';

const texts = [
  'datacontenttype',
  'clustername',
  'originalsource',
  'resourceid',
  'sequenceid',
  'statushash',
  'traceparent',
] as const;
const times = ['time', 'deletiontimestamp'] as const;
const attributeNames = [...texts, ...times, 'resourceversion'] as const;

const largestInteger = 2 ** 31 - 1;

const Attributes = CloudEvent.omit({ data: true });

/**
 * An event in the protobuf format of CloudEvents 1.0. All that the JSON format takes comes back as it was: where a type of the format is too
 * small (versions beyond 32 bits, times that are not written as `Date.toISOString` does) the attribute is text. Data is JSON in
 * `binary_data`, which is what Open Cluster Management reads; text of another content type is `text_data`.
 * Throws `ProtocolError` (`invalid`) for text that is not Unicode.
 */
export function toEventMessage(event: CloudEvent): EventMessage {
  const { id, source, specversion: specVersion, type, resourceversion } = event;
  const attributes = new Map<string, AttributeValue>();
  for (const name of texts) {
    const value = event[name];
    if (value !== undefined) attributes.set(name, text(value));
  }
  for (const name of times) {
    const value = event[name];
    if (value !== undefined) attributes.set(name, toTime(value));
  }
  if (resourceversion !== undefined) attributes.set('resourceversion', toVersion(resourceversion));
  for (const value of [id, source, type]) checkUnicode(value);
  return { id, source, specVersion, type, attributes, data: toData(event) };
}

/** Throws `ProtocolError` (`not-json`, `invalid`). */
export function fromEventMessage(message: EventMessage): CloudEvent {
  const { id, source, specVersion: specversion, type, attributes } = message;
  const given = attributeNames.flatMap((name) => {
    const value = attributes.get(name);
    return value === undefined
      ? []
      : [[name, name === 'resourceversion' ? fromVersion(value) : fromAttribute(value)] as const];
  });
  const event = parse(Attributes, { specversion, id, source, type, ...Object.fromEntries(given) }, 'CloudEvent');
  const data = fromData(message.data, event.datacontenttype);
  return data === undefined ? event : { ...event, data };
}

function text(value: string): AttributeValue {
  checkUnicode(value);
  return { attr: { $case: 'ceString', value } };
}

function checkUnicode(value: string): void {
  if (!value.isWellFormed()) throw new ProtocolError('invalid', 'expected the text of attributes to be Unicode');
}

function toVersion(version: number): AttributeValue {
  if (version > largestInteger) return text(String(version));
  return { attr: { $case: 'ceInteger', value: version } };
}

/** Also one that the text form of JSON has too few digits for. */
function fromVersion(value: AttributeValue): unknown {
  const version = fromAttribute(value);
  return typeof version === 'string' && /^\d{1,16}$/.test(version) ? Number(version) : version;
}

function toTime(value: string): AttributeValue {
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return text(value);
  const time = { seconds: Math.floor(ms / 1000), nanos: (ms - Math.floor(ms / 1000) * 1000) * 1e6 };
  return fromTime(time) === value ? { attr: { $case: 'ceTimestamp', value: time } } : text(value);
}

/** Finer than a millisecond only where it is. */
function fromTime({ seconds, nanos }: Timestamp): string {
  const moment = new Date(seconds * 1000 + Math.floor(nanos / 1e6));
  if (Number.isNaN(moment.getTime())) throw new ProtocolError('invalid', 'expected a time that a calendar has');
  const iso = moment.toISOString();
  return nanos % 1e6 === 0 ? iso : `${iso.slice(0, -'000Z'.length)}${String(nanos).padStart(9, '0')}Z`;
}

function fromAttribute({ attr }: AttributeValue): unknown {
  switch (attr?.$case) {
    case 'ceTimestamp':
      return fromTime(attr.value);
    case 'ceBytes':
      return Buffer.from(attr.value).toString('base64');
    case 'ceBoolean':
    case 'ceInteger':
    case 'ceString':
    case 'ceUri':
    case 'ceUriRef':
      return attr.value;
    case undefined:
      return null;
  }
}

function isJson(contentType: string | undefined): boolean {
  return contentType === undefined || /^[^;]*[/+]json\s*(?:;|$)/i.test(contentType);
}

function toData({ data, datacontenttype }: CloudEvent): EventMessage['data'] {
  if (data === undefined) return undefined;
  if (typeof data === 'string' && !isJson(datacontenttype) && data.isWellFormed()) {
    return { $case: 'textData', value: data };
  }
  return { $case: 'binaryData', value: Buffer.from(JSON.stringify(data)) };
}

function fromData(data: EventMessage['data'], contentType: string | undefined): JsonValue | undefined {
  switch (data?.$case) {
    case undefined:
      return undefined;
    case 'binaryData':
      return data.value.length === 0 ? undefined : parseJson(JsonValue, data.value, 'data of a CloudEvent');
    case 'textData':
      return isJson(contentType) ? parseJson(JsonValue, data.value, 'data of a CloudEvent') : data.value;
    case 'protoData':
      throw new ProtocolError('invalid', 'expected the data of a CloudEvent to be JSON or text, got a message');
  }
}
