import type { Role } from '../../store/records.ts';

/** A value of the role claim, and the role that it gives. */
export interface RoleRule {
  readonly value: string;
  readonly role: Role;
}

/** The issuer whose tokens the hub takes, and what it makes of them. */
export interface OidcSettings {
  /** As it stands in `iss`, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  /** Programs that may have got a token which is for others, too, besides the audience itself. */
  readonly clients: readonly string[];
  /** Name of a claim, or a JSON pointer into the claims. */
  readonly roleClaim: string;
  /** The same; null: everybody works for the hub's own account. */
  readonly accountClaim: string | null;
  /** The first whose value the role claim has counts. */
  readonly roles: readonly RoleRule[];
}
