import type { Logger } from '../../runtime/logger.ts';
import type { Authenticate } from '../../transports/credential.ts';
import { controlTarget } from '../../transports/targets.ts';
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
    const { remote, target, certificate } = request;
    if (complaint === null) {
      // While one CA takes over from another, this says which agents are still to be given a certificate.
      if (certificate !== null && target === controlTarget) {
        const { subject, issuer } = certificate;
        logger.info({ agent: admission.principal.id, name, account, subject, issuer }, 'agent showed a certificate');
      }
      return admission;
    }
    logger.warn(
      { agent: admission.principal.id, name, account, remote, target, certificate },
      'agent refused: its certificate is of another',
    );
    return { type: 'refused', code: 'forbidden', message: complaint, retryAfterMs: null };
  };
}
