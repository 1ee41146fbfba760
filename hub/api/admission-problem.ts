import type { UserAdmission } from '../identity/user-admission.ts';
import { ApiProblem } from './api-problem.ts';
import { tooMany } from './rates/too-many.ts';

const retryAfterSeconds = '5';

/** What whoever was not let in is answered. `challenge` says how to come where no token came. */
export function toAdmissionProblem(
  admission: Exclude<UserAdmission, { type: 'admitted' }>,
  challenge: { readonly missing: string; readonly invalid: string },
): ApiProblem {
  const { message } = admission;
  if (admission.type === 'deferred') return tooMany(message, admission);
  const { code } = admission;
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
