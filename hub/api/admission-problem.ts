import type { UserAdmission } from '../identity/user-authenticator.ts';
import { ApiProblem } from './api-problem.ts';

const retryAfterSeconds = '5';

/** What whoever was not let in is answered. `challenge` says how to come where no token came. */
export function toAdmissionProblem(
  { code, message }: Extract<UserAdmission, { type: 'refused' }>,
  challenge: { readonly missing: string; readonly invalid: string },
): ApiProblem {
  switch (code) {
    case 'token-missing':
      return new ApiProblem(code, message, { headers: { 'www-authenticate': challenge.missing } });
    case 'token-invalid':
      return new ApiProblem(code, message, { headers: { 'www-authenticate': challenge.invalid } });
    case 'unavailable':
      return new ApiProblem(code, message, { headers: { 'retry-after': retryAfterSeconds } });
    case 'not-allowed':
      return new ApiProblem(code, message);
  }
}
