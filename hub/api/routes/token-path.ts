import { z } from 'zod';
import { Id, Name } from '../../../protocol/names.ts';
import { PageQuery, RevokedQuery } from '../page-query.ts';

const account = Name.nullable().default(null).describe("the caller's own when left out");

/** `:id` of a token or join token. */
export const TokenPath = z.object({ id: Id });

/** Whose tokens. */
export const AccountQuery = z.strictObject({ account });

export const TokensQuery = PageQuery.extend({ account });

export const UserTokensQuery = TokensQuery.extend(RevokedQuery);
