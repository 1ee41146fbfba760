import { statement } from './statement.ts';

export const readQuotas = statement((db, { account }: { account: string }) =>
  db.selectFrom('account_quotas').select(['account', 'version', 'quotas']).where('account', '=', account),
);

export const readQuotasAfter = statement((db, { after, limit }: { after: string; limit: number }) =>
  db
    .selectFrom('account_quotas')
    .select(['account', 'version', 'quotas'])
    .where('account', '>', after)
    .orderBy('account')
    .limit(limit),
);

export const writeQuotas = statement((db, row: { account: string; version: number; quotas: string }) =>
  db
    .insertInto('account_quotas')
    .values({ account: row.account, version: row.version, quotas: row.quotas })
    .onConflict((conflict) => conflict.column('account').doUpdateSet({ version: row.version, quotas: row.quotas })),
);

export const readLogBytes = statement((db, { account }: { account: string }) =>
  db.selectFrom('account_logs').select('bytes').where('account', '=', account),
);

/** The first account after this one that has a token, and so with a join token, an agent, a job, and quotas of its own; null where there is none. */
export const readNextAccounts = statement((db, { after }: { after: string }) =>
  db
    .selectFrom('tokens')
    .select(({ fn }) => fn.min('account').as('account'))
    .where('account', '>', after)
    .unionAll((from) =>
      from
        .selectFrom('join_tokens')
        .select(({ fn }) => fn.min('account').as('account'))
        .where('account', '>', after),
    )
    .unionAll((from) =>
      from
        .selectFrom('agents')
        .select(({ fn }) => fn.min('account').as('account'))
        .where('account', '>', after)
        .where('revoked_at', 'is', null),
    )
    .unionAll((from) =>
      from
        .selectFrom('jobs')
        .select(({ fn }) => fn.min('account').as('account'))
        .where('account', '>', after),
    )
    .unionAll((from) =>
      from
        .selectFrom('account_quotas')
        .select(({ fn }) => fn.min('account').as('account'))
        .where('account', '>', after),
    ),
);
