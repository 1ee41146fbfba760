import type { Logger } from '../../runtime/logger.ts';
import type { Authenticate } from '../../transports/credential.ts';
import type { AgentPrincipal } from './agent-principal.ts';
import { judgeCertificateNames } from './certificate-names.ts';

/**
 * Lets an agent whose credential was accepted in only under the name that its client certificate carries. A certificate does not replace the
 * signature: whoever signs certificates does not thereby own every agent.
 */
export function holdToCertificate(
  authenticate: Authenticate<AgentPrincipal>,
  { logger }: { readonly logger: Logger },
): Authenticate<AgentPrincipal> {
  return async (request) => {
    const admission = await authenticate(request);
    if (admission.type !== 'admitted') return admission;
    const { account, name } = admission.principal;
    const complaint = judgeCertificateNames(request.certificate, { account, name });
    if (complaint === null) return admission;
    const { remote, target, certificate } = request;
    logger.warn(
      { agent: admission.principal.id, name, account, remote, target, certificate },
      'agent refused: its certificate is of another',
    );
    return { type: 'refused', code: 'forbidden', message: complaint, retryAfterMs: null };
  };
}
