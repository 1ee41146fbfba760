import { z } from 'zod';
import { ByteCount, Name } from './names.ts';

const Count = z.int().min(0).max(1_000_000_000);
const unlimited = z.literal('unlimited');

/** What an account may have; null: what the hub's configuration says. */
export const Quotas = z.strictObject({
  queuedJobs: z.union([Count, unlimited]).nullable().describe('jobs that wait for an agent'),
  runningJobs: z.union([Count, unlimited]).nullable().describe('jobs that agents have; more of them wait'),
  logBytes: z.union([ByteCount, unlimited]).nullable().describe('of logs of ended jobs, as the hub stores them'),
});
export type Quotas = Readonly<z.infer<typeof Quotas>>;

/** An account: what it has, and what it may have. */
export const Account = z.object({
  name: Name,
  usage: z.object({ queuedJobs: z.int().min(0), runningJobs: z.int().min(0), logBytes: ByteCount }),
  limits: z
    .object({
      queuedJobs: z.int().nullable(),
      runningJobs: z.int().nullable(),
      logBytes: z.int().nullable(),
    })
    .describe('those that hold now; null: none'),
  quotas: Quotas.describe('what was set for this account'),
  version: z.int().min(0).describe('of the quotas: quoted, the ETag that `If-Match` takes'),
});
export type Account = Readonly<z.infer<typeof Account>>;
