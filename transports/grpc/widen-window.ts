import { flowWindowBytes } from './options.ts';

interface Session {
  setLocalWindowSize(bytes: number): void;
  settings(settings: { readonly initialWindowSize: number }): void;
}

/**
 * Lets more than the 64 KiB of HTTP/2 be on its way to a call of a grpc-js server, which has an option for that only on its clients. The
 * session is a private part of the call: where a later version keeps it elsewhere the window stays small, and `grpc-limits.test.ts` says so.
 */
export function widenWindow(call: object): void {
  const session = findSession(call);
  if (session === null) return;
  session.setLocalWindowSize(flowWindowBytes);
  session.settings({ initialWindowSize: flowWindowBytes });
}

function findSession(call: object): Session | null {
  let part: unknown = call;
  for (const name of ['call', 'stream', 'session']) {
    if (typeof part !== 'object' || part === null) return null;
    part = Reflect.get(part, name);
  }
  return isSession(part) ? part : null;
}

function isSession(value: unknown): value is Session {
  return typeof value === 'object' && value !== null && 'setLocalWindowSize' in value && 'settings' in value;
}
