import { z } from 'zod';
import { Timestamp } from './names.ts';

const Certificate = z.object({
  subject: z.string(),
  names: z.string().describe('the names and addresses it is for'),
  notAfter: Timestamp,
  daysLeft: z.int().describe('whole days; negative when it is over'),
});

/** What a hub speaks TLS with. */
export const HubTls = z.object({
  certificate: Certificate.describe('the hub’s own'),
  clientCertificates: z.enum(['none', 'optional', 'required']).describe('what is asked of those who connect'),
  clientCa: Certificate.nullable().describe('of those that sign certificates of clients: the one that ends first'),
  loadedAt: Timestamp.describe('since when these files are in use'),
  problem: z.string().nullable().describe('why the files of this moment are not in use, but those from before'),
});
export type HubTls = Readonly<z.infer<typeof HubTls>>;
