import { connect as connectPlain, type Socket } from 'node:net';
import type { Logger } from '../logger.ts';
import { awaitSocket } from './await-socket.ts';
import { type Destination, toAuthority } from './destination.ts';
import { isTlsAlert, openTunnel } from './open-tunnel.ts';
import { OutletError } from './outlet-error.ts';
import { chooseRoute, type ProxyChoice, type Route, type RouteSettings } from './route.ts';
import { secureSocket } from './secure-socket.ts';
import type { ServerTrust } from './server-trust.ts';
import { toSystemCode, toSystemWords } from './system-words.ts';
import { ownTlsHints, type TlsParty, toTlsFault } from './tls-fault.ts';
import { noTlsSettings, openTlsFiles, type ShownCertificate, type TlsFiles, type TlsSettings } from './tls-files.ts';

/** The way out of this process: every client of ours opens its connections here. Each call dials once. */
export interface Outlet {
  /** Which way a connection would take now. */
  routeTo(destination: Destination): Route;
  /** A stream to the destination, through a proxy and secured where that is asked for. Rejects with `OutletError`. */
  open(destination: Destination, options: { readonly signal: AbortSignal }): Promise<Socket>;
  /**
   * The rest of `open` on a connection that somebody else made to the first hop of the route (`toFirstHop`). Rejects with `OutletError`,
   * and then the connection is destroyed.
   */
  proceed(
    socket: Socket,
    options: { readonly route: Route; readonly destination: Destination; readonly signal: AbortSignal },
  ): Promise<Socket>;
  /** What is behind an error, or an end, of a stream of which nothing was heard yet; null where nothing more is known than it says. */
  explain(error: unknown, destination: Destination): OutletError | null;
  /** The same way out to servers of another circle, such as a cluster with a CA of its own. `proxy` counts before what is configured for all. */
  toward(servers: { readonly trust: ServerTrust; readonly proxy: ProxyChoice | null }): Outlet;
  /** The name that the certificate of the destination must have. */
  nameOf(destination: Destination): string;
  /** The certificate that is shown to servers that ask for one, read again if its file changed. */
  readonly certificate: ShownCertificate | null;
  /** Why certificates that are on the disk are not used. */
  readonly problem: string | null;
}

export interface OutletOptions extends RouteSettings {
  readonly tls: TlsSettings;
  readonly logger: Logger;
  /** An address of this machine to dial from. */
  readonly localAddress?: string | undefined;
}

class ConfiguredOutlet implements Outlet {
  readonly #options: OutletOptions;
  readonly #files: TlsFiles;
  readonly #trust: ServerTrust;

  constructor(options: OutletOptions, files: TlsFiles, trust: ServerTrust) {
    this.#options = options;
    this.#files = files;
    this.#trust = trust;
  }

  get certificate(): ShownCertificate | null {
    return this.#files.read().certificate;
  }

  get problem(): string | null {
    return this.#files.problem;
  }

  routeTo(destination: Destination): Route {
    return chooseRoute(this.#options, destination);
  }

  nameOf({ host }: Destination): string {
    return this.#trust.serverName ?? host;
  }

  toward({ trust, proxy }: Parameters<Outlet['toward']>[0]): Outlet {
    const choice = proxy ?? this.#options.choice;
    return new ConfiguredOutlet({ ...this.#options, choice }, this.#files, trust);
  }

  async open(destination: Destination, { signal }: { readonly signal: AbortSignal }): Promise<Socket> {
    const route = this.routeTo(destination);
    const hop = toFirstHop(route, destination);
    const { localAddress } = this.#options;
    const socket = connectPlain({ ...hop, ...(localAddress === undefined ? {} : { localAddress }) });
    try {
      await awaitSocket(socket, { event: 'connect', signal });
    } catch (error) {
      throw signal.aborted ? givenUp(destination, error) : noFirstHop(route, destination, error);
    }
    return this.proceed(socket, { route, destination, signal });
  }

  async proceed(socket: Socket, { route, destination, signal }: Parameters<Outlet['proceed']>[1]): Promise<Socket> {
    try {
      socket.setNoDelay(true);
      const stream = route.type === 'proxy' ? await this.#passProxy(socket, { route, destination, signal }) : socket;
      return destination.protocols === null
        ? stream
        : await secureSocket(stream, {
            ...this.#toParty(destination),
            context: this.#trust.context(),
            verifies: this.#trust.verifies,
            name: this.nameOf(destination),
            protocols: destination.protocols,
            signal,
          });
    } catch (error) {
      socket.destroy();
      throw signal.aborted ? givenUp(destination, error) : error;
    }
  }

  explain(error: unknown, destination: Destination): OutletError | null {
    const who = toAuthority(destination);
    if (destination.protocols !== null) {
      const party = this.#toParty(destination);
      const fault = toTlsFault(error, party);
      if (fault !== null || !isEnd(error)) return fault;
      const ours = party.hasClientCertificate
        ? `it may not accept the certificate of the client: ${party.hints.certificate}`
        : `where it wants a certificate of the client, name one: ${party.hints.certificate}`;
      return new OutletError('ended', `${who} ended the connection before it said anything; ${ours}`, { cause: error });
    }
    if (error instanceof Error && 'rawPacket' in error && error.rawPacket instanceof Uint8Array) {
      if (isTlsAlert(error.rawPacket)) {
        return new OutletError(
          'tls-there',
          `${who} speaks TLS, and was asked without: check the scheme of the address`,
          {
            cause: error,
          },
        );
      }
    }
    if (!isEnd(error)) return null;
    return new OutletError(
      'ended',
      `${who} ended the connection before it said anything; if it speaks TLS, check the scheme of the address`,
      { cause: error },
    );
  }

  async #passProxy(
    socket: Socket,
    options: {
      readonly route: Extract<Route, { readonly type: 'proxy' }>;
      readonly destination: Destination;
      readonly signal: AbortSignal;
    },
  ): Promise<Socket> {
    const { proxy } = options.route;
    if (!proxy.isSecure) return openTunnel(socket, options);
    const secured = await secureSocket(socket, {
      context: this.#files.read().forProxies(),
      name: proxy.host,
      who: `the proxy ${proxy.shown}`,
      hasClientCertificate: true,
      hints: ownTlsHints,
      verifies: true,
      protocols: ['http/1.1'],
      signal: options.signal,
    });
    return openTunnel(secured, options);
  }

  #toParty(destination: Destination): TlsParty {
    const { hasClientCertificate, hints } = this.#trust;
    return { who: toAuthority(destination), hasClientCertificate, hints };
  }
}

/** Where the connection itself leads. */
export function toFirstHop(route: Route, destination: Destination): { readonly host: string; readonly port: number } {
  switch (route.type) {
    case 'direct':
      return { host: destination.host, port: destination.port };
    case 'proxy':
      return { host: route.proxy.host, port: route.proxy.port };
    case 'unusable':
      throw new OutletError(
        'proxy-invalid',
        `expected http://HOST:PORT or https://HOST:PORT in ${route.from}, got something else (not shown: it may hold a password); correct it, or set FARHAND_PROXY to a proxy that opens tunnels by HTTP, or to none`,
      );
  }
}

/** There is no connection to the first hop. */
export function noFirstHop(route: Route, destination: Destination, error: unknown): OutletError {
  const said = toSystemWords(error);
  if (route.type !== 'proxy') {
    return new OutletError('unreachable', `no connection to ${toAuthority(destination)}: ${said}`, { cause: error });
  }
  const { proxy, from } = route;
  return new OutletError(
    'proxy-unreachable',
    `no connection to the proxy ${proxy.shown} (${from}): ${said}; check that it runs and its address in ${from}, or name ${destination.host} in NO_PROXY if it can be reached directly`,
    { cause: error },
  );
}

function givenUp(destination: Destination, cause: unknown): OutletError {
  return new OutletError('aborted', `the dial to ${toAuthority(destination)} was given up`, { cause });
}

/** The other side is gone, and nothing says why. */
function isEnd(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(toSystemCode(error));
}

export function createOutlet(options: OutletOptions): Outlet {
  const files = openTlsFiles(options.tls, options.logger);
  const trust: ServerTrust = {
    context: () => files.read().forServers(),
    serverName: options.tls.serverName,
    verifies: true,
    hasClientCertificate: options.tls.cert !== null,
    hints: ownTlsHints,
  };
  return new ConfiguredOutlet(options, files, trust);
}

/** One that minds no proxy, and trusts what Node trusts. */
export function createDirectOutlet(options: Pick<OutletOptions, 'logger' | 'localAddress'>): Outlet {
  return createOutlet({ ...options, choice: { type: 'none' }, environment: {}, tls: noTlsSettings });
}
