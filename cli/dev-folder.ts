import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where `farhand dev` keeps what, in the folder that it was given. */
export interface DevFolder {
  readonly root: string;
  readonly hub: string;
  readonly agent: string;
  /** The administrator's token, 0600. */
  readonly adminToken: string;
  /** Says while it runs where the hub is: `{"url": "http://127.0.0.1:7400"}`. */
  readonly running: string;
}

/** What client commands look for where they are started. */
export const defaultDevFolder = '.farhand';

export function toDevFolder(root: string): DevFolder {
  return {
    root,
    hub: join(root, 'hub'),
    agent: join(root, 'agent'),
    adminToken: join(root, 'admin-token'),
    running: join(root, 'dev.json'),
  };
}

/** The hub that runs there, or undefined when none does. */
export function readDevHub(folder: DevFolder): { readonly url: string } | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(folder.running, 'utf8'));
    const url = typeof value === 'object' && value !== null && 'url' in value ? value.url : undefined;
    return typeof url === 'string' && URL.canParse(url) ? { url } : undefined;
  } catch {
    return undefined;
  }
}

export function readDevToken(folder: DevFolder): string | undefined {
  try {
    const token = readFileSync(folder.adminToken, 'utf8').trim();
    return token === '' ? undefined : token;
  } catch {
    return undefined;
  }
}
