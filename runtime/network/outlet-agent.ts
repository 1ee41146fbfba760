import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Destination } from './destination.ts';
import type { Outlet } from './outlet.ts';

/** A connection that nobody used for so long is closed, before a server or what is between does. */
const keptMs = 45_000;
const dialTimeoutMs = 15_000;
/** After so long without a byte the system asks whether the peer is there still. */
const probeAfterMs = 30_000;

class OutletAgent extends Agent {
  readonly #outlet: Outlet;
  readonly #destination: Destination;

  constructor(outlet: Outlet, destination: Destination, options: AgentOptions) {
    super(options);
    this.#outlet = outlet;
    this.#destination = destination;
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const give = callback as ((error: Error | null, stream?: Duplex) => void) | undefined;
    this.#outlet.open(this.#destination, { signal: AbortSignal.timeout(dialTimeoutMs) }).then(
      (socket) => {
        socket.setKeepAlive(true, probeAfterMs);
        give?.(null, socket);
      },
      (error) => give?.(error),
    );
  }
}

/**
 * HTTP/1.1 to one destination over connections that are kept and used again. Each request has one for itself as long as its answer lasts. A request
 * may meet one that the server was just closing (`reusedSocket`): whoever asks decides whether it may be sent again. `destroy` closes them all.
 */
export function createOutletAgent(outlet: Outlet, destination: Destination): Agent {
  return new OutletAgent(outlet, destination, { keepAlive: true, timeout: keptMs });
}
