import type { Problem } from '../../protocol/problem.ts';
import type { Principal } from './principal.ts';

export type UserRefusal = 'token-missing' | 'token-invalid' | 'not-allowed' | 'unavailable';

/** What comes of somebody who wants to call the API. */
export type UserAdmission =
  | { readonly type: 'admitted'; readonly principal: Principal }
  | { readonly type: 'refused'; readonly code: UserRefusal; readonly message: string }
  /** Whatever the token is worth, it does not count now. */
  | {
      readonly type: 'deferred';
      readonly message: string;
      readonly waitMs: number;
      readonly full: NonNullable<Problem['full']>;
    };
