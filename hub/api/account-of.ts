import { mayActFor, type Principal } from '../identity/principal.ts';
import { ApiProblem } from './api-problem.ts';

/** The account that a call about tokens is for: the one it names, else the caller's. Throws `ApiProblem` (`not-allowed`). */
export function accountOf(principal: Principal, named: string | null): string {
  const account = named ?? principal.account;
  if (mayActFor(principal, account)) return account;
  throw new ApiProblem('not-allowed', 'an administrator of an account deals with tokens of that account only');
}
