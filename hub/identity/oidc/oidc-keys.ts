import { Role } from '../../../protocol/token.ts';
import type { ConfigFormat, ConfigOf, ConfigSchema } from '../../../runtime/configuration/config-key.ts';
import { text } from '../../../runtime/configuration/formats.ts';
import { isLoopback } from '../../../runtime/configuration/loopback.ts';
import type { OidcSettings, RoleRule } from './oidc-settings.ts';

/** Kept as it is written: an issuer is compared to the letter, and a URL would grow a slash. */
const issuerUrl: ConfigFormat<string> = {
  expected: 'https://…, or http:// to this machine alone, without user, query and fragment',
  placeholder: 'url',
  fromText(value) {
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url === null || url.username !== '' || url.password !== '' || /[?#\s]/.test(value)) return undefined;
    const isFit = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
    return isFit ? value : undefined;
  },
};

const claim: ConfigFormat<string> = {
  expected: 'the name of a claim, such as groups, or a JSON pointer, such as /realm_access/roles',
  placeholder: 'claim',
  fromText: (value) => (/~(?![01])/.test(value) && value.startsWith('/') ? undefined : value),
};

const roleRules: ConfigFormat<readonly RoleRule[]> = {
  expected: `value=role pairs, by commas, with the roles ${Role.options.join(', ')}, such as platform-admins=admin,devs=operator`,
  placeholder: 'value=role,…',
  fromText(value) {
    const rules = value.split(',').map((pair) => {
      const at = pair.lastIndexOf('=');
      const role = Role.safeParse(pair.slice(at + 1).trim()).data;
      const name = pair.slice(0, Math.max(at, 0)).trim();
      return role === undefined || name === '' ? undefined : { value: name, role };
    });
    return rules.every((rule) => rule !== undefined) ? rules : undefined;
  },
};

const list: ConfigFormat<readonly string[]> = {
  expected: 'names, by commas',
  placeholder: 'name,…',
  fromText(value) {
    const names = value.split(',').map((name) => name.trim());
    return names.includes('') ? undefined : names;
  },
};

/** Whose tokens the hub takes besides its own. */
export const oidcKeys = {
  oidcIssuer: {
    variable: 'FARHAND_OIDC_ISSUER',
    doc: 'Whose tokens (JWT) the hub takes besides its own, by OpenID Connect: exactly as it stands in their claim iss. Its keys are found below it, at /.well-known/openid-configuration.',
    format: issuerUrl,
    default: null,
    defaultDoc: 'none: only tokens of the hub itself',
    sensitive: false,
  },
  oidcAudience: {
    variable: 'FARHAND_OIDC_AUDIENCE',
    doc: 'What the claim aud of those tokens has to hold: the name under which the issuer knows this hub.',
    format: text,
    default: null,
    sensitive: false,
  },
  oidcClients: {
    variable: 'FARHAND_OIDC_CLIENTS',
    doc: 'Which programs (claim azp, or client_id) may bring a token that has other audiences, too, besides the one that FARHAND_OIDC_AUDIENCE names.',
    format: list,
    default: null,
    defaultDoc: 'none',
    sensitive: false,
  },
  oidcRoleClaim: {
    variable: 'FARHAND_OIDC_ROLE_CLAIM',
    doc: 'The claim that FARHAND_OIDC_ROLES reads: text or a list of texts.',
    format: claim,
    default: 'groups',
    sensitive: false,
  },
  oidcRoles: {
    variable: 'FARHAND_OIDC_ROLES',
    doc: 'Which value of the role claim gives which role; the first pair that fits counts. Whoever has none of the values is answered 403.',
    format: roleRules,
    default: null,
    sensitive: false,
  },
  oidcAccountClaim: {
    variable: 'FARHAND_OIDC_ACCOUNT_CLAIM',
    doc: 'The claim that names the account a user works for. Administrators of the account default are those of the hub itself.',
    format: claim,
    default: null,
    defaultDoc: 'everybody works for the account default',
    sensitive: false,
  },
} as const satisfies ConfigSchema;

type OidcConfig = ConfigOf<typeof oidcKeys>;

/** Null where no issuer is configured. */
export function toOidcSettings(config: OidcConfig): OidcSettings | null {
  const { oidcIssuer, oidcAudience, oidcRoles } = config;
  if (oidcIssuer === null || oidcAudience === null || oidcRoles === null) return null;
  return {
    issuer: oidcIssuer,
    audience: oidcAudience,
    clients: config.oidcClients ?? [],
    roleClaim: config.oidcRoleClaim,
    accountClaim: config.oidcAccountClaim,
    roles: oidcRoles,
  };
}

/** What is wrong between these keys. */
export function findBrokenOidcRules(config: OidcConfig): readonly string[] {
  const { oidcIssuer, oidcAudience, oidcRoles } = config;
  const all = [
    ['FARHAND_OIDC_ISSUER', oidcIssuer],
    ['FARHAND_OIDC_AUDIENCE', oidcAudience],
    ['FARHAND_OIDC_ROLES', oidcRoles],
  ] as const;
  const isWanted = [oidcIssuer, oidcAudience, oidcRoles, config.oidcClients, config.oidcAccountClaim].some(
    (value) => value !== null,
  );
  if (!isWanted) return [];
  return all.flatMap(([variable, value]) =>
    value === null
      ? [
          `${variable}: expected it to be set: FARHAND_OIDC_ISSUER, FARHAND_OIDC_AUDIENCE and FARHAND_OIDC_ROLES are of use together only`,
        ]
      : [],
  );
}
