import { z } from 'zod';

/** One host, as an inventory knows it. */
export interface AnsibleHost {
  readonly name: string;
  /** Where it is reached, when the name is not that. */
  readonly address: string | null;
  readonly port: number | null;
  readonly user: string | null;
}

export type HostsReading =
  | { readonly type: 'hosts'; readonly hosts: readonly AnsibleHost[] }
  | { readonly type: 'fault'; readonly message: string };

/** So that no name is an option of ssh, a pattern or a range of Ansible, or code of anybody. */
const hostName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/;
const ipv6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?$/;
/** Names that Ansible has for groups of its own. */
const takenNames = new Set(['all', 'ungrouped']);

/** A name that may be given to ssh as a user. */
export const remoteUserPattern = /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,127}$/;

const maxHosts = 10_000;

const Port = z.int().min(1).max(65_535);

const HostName = z.string().refine((text) => (hostName.test(text) || ipv6.test(text)) && !takenNames.has(text), {
  message: 'expected the name or the address of a host',
});

const HostObject = z.strictObject({
  name: HostName,
  address: HostName.optional(),
  port: Port.optional(),
  user: z.string().regex(remoteUserPattern, 'expected the name of a user').optional(),
});

function fault(got: string): HostsReading {
  return {
    type: 'fault',
    message: `expected hosts, such as "web1.example.org" or "10.0.0.7:2222", got ${got.slice(0, 200)}`,
  };
}

/** `name`, `name:port`, an IPv6 address, or one in brackets with a port. */
function readHostText(text: string): AnsibleHost | null {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const name = bracketed ?? plain ?? text;
  const number = port === undefined ? null : Number(port);
  if (!HostName.safeParse(name).success || (number !== null && !Port.safeParse(number).success)) return null;
  return { name, address: null, port: number, user: null };
}

function readItem(item: unknown): AnsibleHost | null {
  if (typeof item === 'string') return readHostText(item.trim());
  const parsed = HostObject.safeParse(item);
  if (!parsed.success) return null;
  const { name, address = null, port = null, user = null } = parsed.data;
  return { name, address, port, user };
}

/** A list as a placeholder writes it; undefined when the text is none. */
function parseList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : typeof value === 'object' && value !== null ? [value] : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Hosts as a text has them: a JSON list of texts and objects (`{"name", "address", "port", "user"}`), or names with commas or blanks
 * between. Every one is checked, for it becomes an argument of ssh. None at all is no fault.
 */
export function readHosts(text: string): HostsReading {
  const items = parseList(text) ?? text.split(/[\s,]+/).filter((word) => word !== '');
  if (items.length > maxHosts) return fault(`${items.length} of them, which is more than ${maxHosts}`);
  const hosts: AnsibleHost[] = [];
  for (const item of items) {
    const host = readItem(item);
    if (host === null) return fault(JSON.stringify(item));
    hosts.push(host);
  }
  return { type: 'hosts', hosts };
}
