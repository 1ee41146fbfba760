import { z } from 'zod';
import { SelectorText } from './label-selector.ts';
import { Labels } from './labels.ts';
import { Id, Name, Timestamp } from './names.ts';

const hour = 3600;
const secondsOfTenYears = 10 * 366 * 86_400;

const ExpiresInSeconds = z.number().positive().max(secondsOfTenYears);

/** What the owner of a token may do: `docs/api.md` has the table. */
export const Role = z.enum(['admin', 'operator', 'approver', 'viewer']);
export type Role = z.infer<typeof Role>;

/** Body of `POST /api/v1/tokens`. */
export const TokenRequest = z.strictObject({
  role: Role,
  account: Name.nullable().default(null).describe("the caller's own when left out"),
  name: z.string().max(256).default('').describe('what it is for'),
  expiresInSeconds: ExpiresInSeconds.nullable().default(null).describe('null: until it is revoked'),
});

/** A token for the API, without the secret, of which the hub keeps only a hash. */
export const Token = z.object({
  id: Id,
  account: Name,
  role: Role,
  name: z.string(),
  expiresAt: Timestamp.nullable(),
  createdAt: Timestamp,
  revokedAt: Timestamp.nullable(),
});
export type Token = Readonly<z.infer<typeof Token>>;

/** The one answer that holds the token itself. */
export const CreatedToken = Token.extend({ token: z.string().describe('told this once') });

/** Body of `POST /api/v1/join-tokens`. */
export const JoinTokenRequest = z.strictObject({
  account: Name.nullable().default(null).describe("the caller's own when left out"),
  uses: z.int().min(1).max(1_000_000).nullable().default(1).describe('null: any number'),
  expiresInSeconds: ExpiresInSeconds.nullable().default(hour).describe('null: never'),
  labels: Labels.default({}).describe('given to every agent that comes with it'),
  allowedLabels: SelectorText.default('').describe('labels that an agent may claim; empty: any but farhand.io/…'),
  ephemeral: z
    .boolean()
    .default(false)
    .describe('a new key may take over the name of an agent that came with this token'),
});

/** A token with which agents enrol, without the secret. */
export const JoinToken = z.object({
  id: Id,
  account: Name,
  uses: z.int().nullable().describe('how often it may still be used; null: any number'),
  expiresAt: Timestamp.nullable(),
  labels: Labels,
  allowedLabels: z.string(),
  ephemeral: z.boolean(),
  createdAt: Timestamp,
});
export type JoinToken = Readonly<z.infer<typeof JoinToken>>;

/** The one answer that holds the join token itself. */
export const CreatedJoinToken = JoinToken.extend({ token: z.string().describe('told this once') });
