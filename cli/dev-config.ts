import type { ConfigOf, ConfigSchema } from '../runtime/configuration/config-key.ts';
import { folder, listenAddress, text, wholeNumber } from '../runtime/configuration/formats.ts';
import { type ConfigSources, loadConfiguration } from '../runtime/configuration/load-configuration.ts';

/** What `farhand dev` itself reads. Every other variable reaches the hub and the agent that it starts. */
export const devConfigSchema = {
  listen: {
    variable: 'FARHAND_LISTEN',
    doc: 'Where the hub listens. Port 0 lets the system choose one; the ready line says which.',
    format: listenAddress,
    default: '127.0.0.1:7400',
    sensitive: false,
  },
  data: {
    variable: 'FARHAND_DATA',
    doc: 'Folder for everything: hub/, agent/, admin-token, and dev.json, by which commands in the same folder find the hub.',
    format: folder,
    default: '.farhand',
    sensitive: false,
  },
  automations: {
    variable: 'FARHAND_AUTOMATIONS',
    doc: 'Folder with one YAML file for each automation.',
    format: folder,
    default: null,
    defaultDoc: 'automations in this folder; the examples of the package when there is none',
    sensitive: false,
  },
  slots: {
    variable: 'FARHAND_SLOTS',
    doc: 'How many jobs may run at the same time.',
    format: wholeNumber({ from: 0, to: 10_000 }),
    default: '8',
    sensitive: false,
  },
  adminToken: {
    variable: 'FARHAND_ADMIN_TOKEN',
    doc: "The administrator's token. Without it one is made; either way it is in admin-token in the data folder.",
    format: text,
    default: null,
    sensitive: true,
  },
} as const satisfies ConfigSchema;

export type DevConfig = ConfigOf<typeof devConfigSchema>;

/** Throws `ConfigError` with every mistake at once. */
export function loadDevConfig(sources: ConfigSources): DevConfig {
  return loadConfiguration(devConfigSchema, sources);
}
