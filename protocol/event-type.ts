import { ProtocolError } from './protocol-error.ts';

/** `<group>.<version>.<resource>`: which kind of resource an event is about. */
export type ResourceType = `${string}.${string}.${string}`;

export const actions = [
  'create_request',
  'update_request',
  'delete_request',
  'resync_request',
  'resync_response',
] as const;
export type Action = (typeof actions)[number];

/** An event type taken apart: `<group>.<version>.<resource>.<spec|status>.<action>`. Source: Open Cluster Management, `pkg/cloudevents`. */
export interface EventType {
  readonly resource: ResourceType;
  readonly part: 'spec' | 'status';
  readonly action: Action;
}

function isAction(text: string | undefined): text is Action {
  return (actions as readonly (string | undefined)[]).includes(text);
}

/** Throws `ProtocolError` (`invalid`) for anything but five or more words with a known part and action. */
export function parseEventType(text: string): EventType {
  const words = text.split('.');
  const action = words.at(-1);
  const part = words.at(-2);
  const resource = words.slice(0, -2);
  const whole = resource.length >= 3 && resource.every((word) => word !== '');
  if (!whole || (part !== 'spec' && part !== 'status') || !isAction(action)) {
    throw new ProtocolError(
      'invalid',
      `not an event type: expected group.version.resource.(spec|status).(${actions.join('|')}), got ${JSON.stringify(text.slice(0, 200))}`,
    );
  }
  return { resource: resource.join('.') as ResourceType, part, action };
}

export function formatEventType(type: EventType): string {
  return `${type.resource}.${type.part}.${type.action}`;
}

/** The resources of our own that travel on a control channel. */
export const resourceTypes = {
  hubs: 'io.farhand.v1.hubs',
  agents: 'io.farhand.v1.agents',
  jobs: 'io.farhand.v1.jobs',
  facts: 'io.farhand.v1.facts',
  nodes: 'io.farhand.v1.nodes',
  apps: 'io.farhand.v1.apps',
} as const satisfies Record<string, ResourceType>;
