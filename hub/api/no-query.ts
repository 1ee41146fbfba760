import { z } from 'zod';

/** Query of a route that takes none: a key that would do nothing is a mistake. */
export const NoQuery = z.strictObject({});
