import packageJson from '../package.json' with { type: 'json' };

/** Of this program, as it was released. */
export const version: string = packageJson.version;
