import { z } from 'zod';
import { Id } from '../../../protocol/names.ts';

/** `:id` of a node or an app. */
export const InventoryPath = z.object({ id: Id });
