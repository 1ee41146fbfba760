import { createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { ServerTrust } from '../../../runtime/network/server-trust.ts';
import type { TlsHints } from '../../../runtime/network/tls-fault.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import type { PemSource } from './pem-source.ts';

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The trust between us and one cluster, made anew when one of its files changes. */
export interface ClusterTrust extends ServerTrust {
  /** Changes with the certificate that is shown. */
  identity(): string;
}

export interface ClusterTrustOptions {
  /** The cluster's CA; null for what Node trusts. */
  readonly ca: PemSource | null;
  /** What is shown now; null for nothing. May throw `KubernetesError`. */
  readonly certificate: () => ClientCertificate | null;
  readonly hasClientCertificate: boolean;
  readonly serverName: string | null;
  readonly verifies: boolean;
  readonly hints: TlsHints;
}

export function createClusterTrust(options: ClusterTrustOptions): ClusterTrust {
  const { ca, certificate, serverName, verifies, hints, hasClientCertificate } = options;
  let made: { readonly stamp: string; readonly context: SecureContext } | null = null;
  const toStamp = (shown: ClientCertificate | null) =>
    createHash('sha256')
      .update(shown?.cert ?? '')
      .digest('hex');
  return {
    serverName,
    verifies,
    hints,
    hasClientCertificate,
    identity: () => toStamp(certificate()),
    context() {
      const authority = ca?.read() ?? null;
      const shown = certificate();
      const stamp = `${toStamp(shown)} ${createHash('sha256')
        .update(authority ?? '')
        .digest('hex')}`;
      if (made?.stamp !== stamp) made = { stamp, context: createContext(authority, shown) };
      return made.context;
    },
  };
}

function createContext(ca: string | null, shown: ClientCertificate | null): SecureContext {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === null ? {} : { ca }),
      ...(shown === null ? {} : { cert: shown.cert, key: shown.key }),
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new KubernetesError(
      'credentials',
      `expected certificates and a key that belong together, in PEM, and they cannot be used: ${said}`,
      { cause: error },
    );
  }
}
