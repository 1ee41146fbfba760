import type { ClientCertificate } from './client-certificate.ts';

/**
 * Who dials. A transport asks for the text to present; when the other side answers with a challenge it asks once more with it.
 * `target` is what the credential is for (`/v1/control`, `/v1/sessions/<attempt>`), so that a captured one opens nothing else.
 */
export interface Credential {
  present(request: { readonly target: string; readonly challenge: string | null }): Promise<string>;
}

/** What a listener's owner says to a presented credential. */
export type Admission<Principal> =
  | { readonly type: 'admitted'; readonly principal: Principal }
  | { readonly type: 'challenged'; readonly challenge: string; readonly message: string }
  | {
      readonly type: 'refused';
      readonly code: 'unauthorized' | 'forbidden' | 'unavailable';
      readonly message: string;
      readonly retryAfterMs: number | null;
    };

/** Called once for each dial, before anything is accepted. Never throws. `presented` is null when nothing was presented. */
export type Authenticate<Principal> = (request: {
  readonly presented: string | null;
  readonly target: string;
  /** Address of the other side, for the audit. */
  readonly remote: string;
  /** What it showed in the TLS handshake; null without. */
  readonly certificate: ClientCertificate | null;
}) => Promise<Admission<Principal>>;
