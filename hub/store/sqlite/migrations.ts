import { factsSchema } from './facts-schema.ts';
import { firstSchema } from './first-schema.ts';
import { handoverSchema } from './handover-schema.ts';
import { identitySchema } from './identity-schema.ts';
import { inventorySchema } from './inventory-schema.ts';
import { quotaSchema } from './quota-schema.ts';
import { retentionSchema } from './retention-schema.ts';
import { retrySafeSchema } from './retry-safe-schema.ts';
import { startsSchema } from './starts-schema.ts';
import { traceSchema } from './trace-schema.ts';

/** Steps that lead from an empty file to the tables of today. A step that was released never changes; new ones are added at the end. */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = [
  { name: 'first schema', sql: firstSchema },
  { name: 'facts', sql: factsSchema },
  { name: 'traces', sql: traceSchema },
  { name: 'retention', sql: retentionSchema },
  { name: 'quotas', sql: quotaSchema },
  { name: 'identity', sql: identitySchema },
  { name: 'starts', sql: startsSchema },
  { name: 'inventory', sql: inventorySchema },
  { name: 'handovers', sql: handoverSchema },
  { name: 'attempts that may run twice', sql: retrySafeSchema },
];
