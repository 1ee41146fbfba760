import { join } from 'node:path';

/** Of this program, as it is installed. This file lies one folder below it as a source and in the bundle (`dist/`), which is all that it relies on. */
export const packageFolder: string = join(import.meta.dirname, '..');
