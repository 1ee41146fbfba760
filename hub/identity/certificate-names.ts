import type { ClientCertificate } from '../../transports/client-certificate.ts';

/** Begins the URI by which a certificate names an agent: `farhand:agent:<account>/<name>`. */
const agentUri = 'farhand:agent:';

export interface AgentName {
  readonly account: string;
  readonly name: string;
}

/**
 * Whether an agent may come with this certificate: null, or why it may not. One that names no agent is good for all of them; so is none at
 * all, where the hub lets that in. One that names agents is good for those alone.
 */
export function judgeCertificateNames(
  certificate: ClientCertificate | null,
  { account, name }: AgentName,
): string | null {
  const named = certificate?.uris.filter((uri) => uri.startsWith(agentUri)) ?? [];
  if (named.length === 0 || named.includes(`${agentUri}${account}/${name}`)) return null;
  return `the client certificate is for ${named.join(' and ')}, and the agent is ${account}/${name}: give each agent a certificate of its own`;
}
