import type { Socket } from 'node:net';
import { toNetworkKey } from './to-network-key.ts';

/** Why a connection had to make room for another: too many of its own address, or of all together. */
export type Crowd = 'crowded-address' | 'crowded';

export interface StrangersOptions {
  /** So many at once. */
  readonly most: number;
  /** So many of one address at once; of IPv6 the first 64 bits count. */
  readonly mostOfOne: number;
  /** Whether many are behind this address, so that it may have as many as all together. */
  readonly isShared: (address: string) => boolean;
  /** Called before a connection is cut to make room for another. */
  readonly onCut: (crowd: Crowd, remote: string | undefined) => void;
}

/** Who came by an address, the oldest first. */
type Siblings = Set<Stranger>;

interface Stranger {
  readonly remote: string | undefined;
  readonly network: string;
  /** What it is known by. */
  socket: Socket;
}

/**
 * Connections of whom nobody knows who they are. There are never more than a bound, so that nobody takes away what known clients, logs and
 * the store need: descriptors and memory. A newcomer is always let in, and the oldest makes room for it: of its own address where that
 * has too many, else of the address that has the most. Whoever becomes known is no stranger for the rest of the connection.
 */
export class Strangers {
  readonly #options: StrangersOptions;
  readonly #bySocket = new Map<Socket, Stranger>();
  readonly #byNetwork = new Map<string, Siblings>();
  readonly #onClose: (this: Socket) => void;

  constructor(options: StrangersOptions) {
    this.#options = options;
    const know = (socket: Socket) => this.know(socket);
    this.#onClose = function forget() {
      know(this);
    };
  }

  get count(): number {
    return this.#bySocket.size;
  }

  /** Counts a connection until it closes, or somebody is known on it. */
  enter(socket: Socket): void {
    const { most, mostOfOne, isShared } = this.#options;
    const remote = socket.remoteAddress;
    const network = toNetworkKey(remote ?? '');
    const stranger: Stranger = { remote, network, socket };
    const siblings = this.#byNetwork.get(network) ?? new Set();
    siblings.add(stranger);
    this.#byNetwork.set(network, siblings);
    this.#bySocket.set(socket, stranger);
    socket.once('close', this.#onClose);
    if (siblings.size > mostOfOne && !isShared(remote ?? '')) this.#cutOldest(siblings, 'crowded-address');
    else if (this.#bySocket.size > most) this.#cutOldest(this.#largest(), 'crowded');
  }

  /** From now on the connection is known by `socket`, which was built upon it. */
  rename(from: Socket, socket: Socket): void {
    const stranger = this.#bySocket.get(from);
    if (stranger === undefined || from === socket) return;
    from.off('close', this.#onClose);
    this.#bySocket.delete(from);
    stranger.socket = socket;
    this.#bySocket.set(socket, stranger);
    socket.once('close', this.#onClose);
  }

  /** It is known who this is, or it has gone. One that is no stranger any more stays as it is. */
  know(socket: Socket): void {
    const stranger = this.#bySocket.get(socket);
    if (stranger === undefined) return;
    socket.off('close', this.#onClose);
    this.#bySocket.delete(socket);
    const siblings = this.#byNetwork.get(stranger.network);
    siblings?.delete(stranger);
    if (siblings?.size === 0) this.#byNetwork.delete(stranger.network);
  }

  #largest(): Siblings {
    let largest: Siblings = new Set();
    for (const siblings of this.#byNetwork.values()) if (siblings.size > largest.size) largest = siblings;
    return largest;
  }

  #cutOldest(siblings: Siblings, crowd: Crowd): void {
    const [oldest] = siblings;
    if (oldest === undefined) return;
    this.#options.onCut(crowd, oldest.remote);
    this.know(oldest.socket);
    oldest.socket.destroy();
  }
}
