import { sql } from 'kysely';
import { configuredTokenName } from '../account.ts';
import type { JoinTokenRow, TokenRow } from './schema.ts';
import { columnsOf, statement } from './statement.ts';

const joinTokenColumns = [
  'id',
  'hash',
  'account',
  'uses_left',
  'expires_at',
  'allowed_labels',
  'labels',
  'ephemeral',
  'created_at',
] as const satisfies readonly (keyof JoinTokenRow)[];

const tokenColumns = [
  'id',
  'hash',
  'account',
  'role',
  'name',
  'expires_at',
  'created_at',
  'revoked_at',
] as const satisfies readonly (keyof TokenRow)[];

export const readToken = statement((db, { id, account }: { id: string; account: string }) =>
  db.selectFrom('tokens').select(tokenColumns).where('id', '=', id).where('account', '=', account),
);

export const readTokenByHash = statement((db, { hash }: { hash: string }) =>
  db.selectFrom('tokens').select(tokenColumns).where('hash', '=', hash).where('revoked_at', 'is', null),
);

export const insertToken = statement((db, row: TokenRow) =>
  db.insertInto('tokens').values(columnsOf(row, tokenColumns)),
);

export const readTokensAfter = statement(
  (db, { account, after, limit }: { account: string; after: string; limit: number }) =>
    db
      .selectFrom('tokens')
      .select(tokenColumns)
      .where('account', '=', account)
      .where('revoked_at', 'is', null)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit),
);

export const readRevokedTokensAfter = statement(
  (db, { account, after, limit }: { account: string; after: string; limit: number }) =>
    db
      .selectFrom('tokens')
      .select(tokenColumns)
      .where('account', '=', account)
      .where('revoked_at', 'is not', null)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit),
);

export const deleteToken = statement((db, { id }: { id: string }) => db.deleteFrom('tokens').where('id', '=', id));

/** Revoked or expired before `before`, without those that came from a configuration. */
export const readOverTokens = statement((db, { before, limit }: { before: number; limit: number }) =>
  db
    .selectFrom('tokens')
    .select(['id', 'account', 'name'])
    .where('name', '!=', sql.lit(configuredTokenName))
    .where((build) => build.or([build('revoked_at', '<', before), build('expires_at', '<', before)]))
    .orderBy('id')
    .limit(limit),
);

export const readTokenOfHash = statement((db, { hash }: { hash: string }) =>
  db.selectFrom('tokens').select(['id', 'account']).where('hash', '=', hash),
);

export const revokeTokenRow = statement((db, { id, at }: { id: string; at: number }) =>
  db.updateTable('tokens').set({ revoked_at: at }).where('id', '=', id),
);

export const readJoinTokenByHash = statement((db, { hash }: { hash: string }) =>
  db.selectFrom('join_tokens').select(joinTokenColumns).where('hash', '=', hash),
);

export const insertJoinToken = statement((db, row: JoinTokenRow) =>
  db.insertInto('join_tokens').values(columnsOf(row, joinTokenColumns)),
);

export const readJoinTokensAfter = statement(
  (db, { account, after, limit }: { account: string; after: string; limit: number }) =>
    db
      .selectFrom('join_tokens')
      .select(joinTokenColumns)
      .where('account', '=', account)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit),
);

export const deleteJoinToken = statement((db, { id, account }: { id: string; account: string }) =>
  db.deleteFrom('join_tokens').where('id', '=', id).where('account', '=', account),
);

export const useJoinToken = statement((db, { id }: { id: string }) =>
  db
    .updateTable('join_tokens')
    .set((build) => ({ uses_left: build('uses_left', '-', 1) }))
    .where('id', '=', id)
    .where('uses_left', 'is not', null),
);

/** Expired before `before`, or used up by agents that came before it. */
export const readOverJoinTokens = statement((db, { before, limit }: { before: number; limit: number }) =>
  db
    .selectFrom('join_tokens')
    .select(['id', 'account'])
    .where('id', '>', '')
    .where((build) =>
      build.or([
        build('expires_at', '<', before),
        build.and([
          build('uses_left', '=', 0),
          build('created_at', '<', before),
          build.not(
            build.exists(
              build
                .selectFrom('agents')
                .select('agents.id')
                .whereRef('agents.account', '=', 'join_tokens.account')
                .whereRef('agents.join_token_id', '=', 'join_tokens.id')
                .where('agents.created_at', '>=', before)
                .where('agents.revoked_at', 'is', null),
            ),
          ),
        ]),
      ]),
    )
    .orderBy('id')
    .limit(limit),
);
