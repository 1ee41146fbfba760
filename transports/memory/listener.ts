import { type AcceptQueue, createAcceptQueue } from '../accept-queue.ts';
import { admit } from '../admit.ts';
import type { Admission } from '../credential.ts';
import type { Accepted, Listener } from '../listener.ts';
import { parseTarget, type Target } from '../targets.ts';
import { createMemoryChannel } from './memory-channel.ts';
import type { MemoryAcceptor, MemoryLine } from './network.ts';
import type { MemoryListenerOptions } from './options.ts';
import { controlCodec, hubSessionCodec } from './wire.ts';

const retryAfterMs = 1_000;

class NetworkListener<Principal> implements Listener<Principal>, MemoryAcceptor {
  readonly name = 'memory';
  readonly #options: MemoryListenerOptions<Principal>;
  readonly #queue: AcceptQueue<Principal> = createAcceptQueue();

  constructor(options: MemoryListenerOptions<Principal>) {
    this.#options = options;
    options.network.bind(options.address, this);
  }

  async take(
    request: { readonly presented: string; readonly target: string },
    open: () => MemoryLine | null,
  ): Promise<Admission<null>> {
    const target = parseTarget(request.target);
    if (target === null) return refused(`nothing is served at ${request.target}`);
    const { clock, limits, logger, authenticate } = this.#options;
    const remote = 'memory';
    const admission = await admit(
      { authenticate, clock, logger, timeoutMs: limits.dialMs },
      { ...request, remote, certificate: null },
    );
    if (admission.type !== 'admitted') return admission;
    if (!this.#queue.takes) return refused('no connections are taken now: try again');
    const line = open();
    if (line !== null) this.#queue.push(this.#accept(line, { target, remote, principal: admission.principal }));
    return { type: 'admitted', principal: null };
  }

  [Symbol.asyncIterator](): AsyncIterator<Accepted<Principal>> {
    return this.#queue[Symbol.asyncIterator]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#options.network.acceptorAt(this.#options.address) === this)
      this.#options.network.unbind(this.#options.address);
    await this.#queue[Symbol.asyncDispose]();
  }

  #accept(
    line: MemoryLine,
    dial: { readonly target: Target; readonly remote: string; readonly principal: Principal },
  ): Accepted<Principal> {
    const { target, remote, principal } = dial;
    const common = { ...this.#options, id: `${target.type}-in-${line.id}`, end: line.end };
    if (target.type === 'control') {
      return { type: 'control', principal, remote, channel: createMemoryChannel({ ...common, codec: controlCodec }) };
    }
    const channel = createMemoryChannel({ ...common, codec: hubSessionCodec });
    return { type: 'session', principal, remote, attempt: target.attempt, channel };
  }
}

function refused(message: string): Admission<null> {
  return { type: 'refused', code: 'unavailable', message, retryAfterMs };
}

/** Takes what is dialled at an address of a memory network, until disposed. Throws when somebody listens there. */
export function createMemoryListener<Principal>(options: MemoryListenerOptions<Principal>): Listener<Principal> {
  return new NetworkListener(options);
}
