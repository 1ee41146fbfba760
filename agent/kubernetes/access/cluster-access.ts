import type { ProxyChoice } from '../../../runtime/network/route.ts';
import type { ServerTrust } from '../../../runtime/network/server-trust.ts';

/** How a cluster is reached, and who we are to it. */
export interface ClusterAccess {
  /** Without a path at its end. */
  readonly server: URL;
  /** What the cluster is called where nobody says otherwise. */
  readonly cluster: string;
  /** Where Jobs are made where nobody says otherwise. */
  readonly namespace: string;
  /** Where this was read, for messages: a path, never a secret. */
  readonly from: string;
  /** Counts before what is configured for all destinations; null where nothing is said. */
  readonly proxy: ProxyChoice | null;
  readonly trust: ServerTrust;
  /**
   * Who we are, for the next call: read or made anew where that is due. To be asked before a connection is opened, because `trust` may show what it
   * got. Rejects with `KubernetesError` (`credentials`) or the signal's reason.
   */
  authorize(options: { readonly signal: AbortSignal }): Promise<Authorization>;
  /** The server did not take what it was shown: the next `authorize` must not answer from memory. */
  refused(): void;
}

export interface Authorization {
  /** Of the header `Authorization`: a secret. Null where a certificate, or nothing, says who we are. */
  readonly header: string | null;
  /** Another one when connections that are open say somebody else than new ones would. */
  readonly identity: string;
}
