import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from './farhand-process.ts';

/** A network of Linux from which one address of this machine is reached, and nothing else: where agents are that only a proxy lets out. */
export interface ClosedNetwork extends Disposable {
  /** Of this machine: what is in the network reaches it. */
  readonly door: string;
  /** Of what is in the network: this machine reaches it. */
  readonly inside: string;
  /** Of this machine too: what is in the network does not reach it. */
  readonly outside: string;
  /** Starts farhand in the network, with `environment` added. */
  readonly program: string;
  readonly environment: Environment;
}

const ip = (...args: readonly string[]) => execFileSync('/sbin/ip', args, { stdio: 'ignore' });

/** Null where this process may not make one, or there is no `ip`. */
export function openClosedNetwork(): ClosedNetwork | null {
  // Each place of a process has its own.
  const number = randomInt(65_536);
  const [high, low] = [number >> 8, number & 0xff];
  const name = `farhand-${number}`;
  const link = `fh${number}`;
  const [door, inner, outside] = [`10.${high}.${low}.1`, `10.${high}.${low}.2`, `198.18.${high}.${low}`];
  const undo = () => {
    for (const args of [
      ['address', 'del', `${outside}/32`, 'dev', 'lo'],
      ['netns', 'del', name],
      ['link', 'del', `${link}a`],
    ]) {
      try {
        ip(...args);
      } catch {
        // It was not made, or went with the namespace.
      }
    }
  };
  try {
    ip('netns', 'add', name);
  } catch {
    return null;
  }
  try {
    ip('link', 'add', `${link}a`, 'type', 'veth', 'peer', 'name', `${link}b`);
    ip('link', 'set', `${link}b`, 'netns', name);
    ip('address', 'add', `${door}/30`, 'dev', `${link}a`);
    ip('link', 'set', `${link}a`, 'up');
    ip('-n', name, 'address', 'add', `${inner}/30`, 'dev', `${link}b`);
    ip('-n', name, 'link', 'set', `${link}b`, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('address', 'add', `${outside}/32`, 'dev', 'lo');
  } catch {
    undo();
    return null;
  }
  return {
    door,
    inside: inner,
    outside,
    program: join(import.meta.dirname, 'fixtures/in-namespace.mjs'),
    environment: { NET_NAMESPACE: name },
    [Symbol.dispose]: undo,
  };
}
