import { z } from 'zod';

const secondsOfTenYears = 10 * 366 * 86_400;

/** How long something stands. */
export const ExpiresInSeconds = z.number().positive().max(secondsOfTenYears);
