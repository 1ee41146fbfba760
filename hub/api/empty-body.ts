import { z } from 'zod';

/** Body of a call that needs none: nothing, or an object without members. */
export const EmptyBody = z.strictObject({});
