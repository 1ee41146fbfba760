import { sleep } from '../../runtime/sleep.ts';
import type { Channel } from '../channel.ts';
import type { Credential } from '../credential.ts';
import { createDialler, type DialOutcome } from '../dialler.ts';
import { TransportError } from '../transport-error.ts';
import { fromAdmission } from './errors.ts';
import { createMemoryChannel } from './memory-channel.ts';
import type { MemoryTransportOptions } from './options.ts';
import type { Codec } from './wire.ts';

export interface MemoryDial<In, Out> {
  readonly target: string;
  readonly kind: 'control' | 'session';
  readonly codec: Codec<In, Out>;
  readonly credential: Credential;
  readonly signal: AbortSignal;
}

/** Opens connections to one address of a memory network. */
export interface MemoryDialler {
  /** Rejects with `TransportError` (`unreachable`, `unauthorized`, `refused`, `aborted`). */
  open<In, Out>(dial: MemoryDial<In, Out>): Promise<Channel<In, Out>>;
}

export function createMemoryDialler(options: MemoryTransportOptions): MemoryDialler {
  const { network, address, clock, limits } = options;
  const dialler = createDialler({ clock, dialMs: limits.dialMs, address });
  return {
    open: (dial) =>
      dialler.dial({
        target: dial.target,
        credential: dial.credential,
        signal: dial.signal,
        attempt: (presented, signal) => attempt({ ...dial, signal }, presented),
      }),
  };

  async function attempt<In, Out>(
    dial: MemoryDial<In, Out>,
    presented: string,
  ): Promise<DialOutcome<Channel<In, Out>>> {
    const { target, kind, codec, signal } = dial;
    await travel(signal);
    if (network.faults.dials === 'hanging') await untilAborted(signal);
    const acceptor = network.acceptorAt(address);
    if (acceptor === null || network.faults.dials === 'refused') {
      throw new TransportError('unreachable', `nobody listens at ${address}`);
    }
    const opened = Promise.withResolvers<Channel<In, Out>>();
    const answer = acceptor.take({ presented, target }, () => {
      if (signal.aborted) return null;
      const line = network.connect({ address, target });
      opened.resolve(createMemoryChannel({ ...options, id: `${kind}-out-${line.id}`, end: line.dialler, codec }));
      return { id: line.id, end: line.listener };
    });
    const admission = await Promise.race([answer, untilAborted(signal)]);
    if (admission.type !== 'admitted') {
      await travel(signal);
      const error = fromAdmission(admission);
      if (admission.type === 'challenged') return { type: 'challenged', challenge: admission.challenge, error };
      throw error;
    }
    return await take(await opened.promise, signal);
  }

  async function take<In, Out>(channel: Channel<In, Out>, signal: AbortSignal): Promise<DialOutcome<Channel<In, Out>>> {
    try {
      await travel(signal);
    } catch (error) {
      await channel.close({ signal });
      throw error;
    }
    return { type: 'opened', value: channel };
  }

  /** One way through the network. Throws when given up. */
  async function travel(signal: AbortSignal): Promise<void> {
    if (network.faults.latencyMs > 0) await sleep(clock, network.faults.latencyMs, signal);
    if (signal.aborted) throw givenUp();
  }
}

function givenUp(): TransportError {
  return new TransportError('aborted', 'the dial was given up');
}

/** Rejects when `signal` aborts, and does nothing else. */
function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(givenUp());
  // The signal of a dial lives no longer than the dial.
  else signal.addEventListener('abort', () => reject(givenUp()), { once: true });
  // Whoever races it may have been answered before.
  promise.catch(() => {});
  return promise;
}
