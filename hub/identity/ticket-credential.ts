import { z } from 'zod';
import { Id } from '../../protocol/names.ts';

const Subject = z.object({ sub: Id });

/** What a runner presents when it dials: `ticket=<JWT>`. Null for anybody else; whether it is a ticket at all is not looked at. */
export function parseTicketCredential(presented: string): string | null {
  return /^ticket=(\S{1,4096})$/.exec(presented)?.[1] ?? null;
}

/** The agent that a ticket says it was made for. Nothing of it is checked: good for saying whom a refusal was about, and for nothing else. */
export function readTicketSubject(ticket: string): string | null {
  try {
    const payload: unknown = JSON.parse(Buffer.from(ticket.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const parsed = Subject.safeParse(payload);
    return parsed.success ? parsed.data.sub : null;
  } catch {
    return null;
  }
}
