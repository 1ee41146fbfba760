import type { Tickets } from '../../hub/identity/tickets.ts';

/** For hubs whose agents hand nothing over. */
export const noTickets: Pick<Tickets, 'issue'> = {
  issue: () => Promise.reject(new Error('expected that nobody asks for a ticket')),
};
