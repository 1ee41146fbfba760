import { readFile } from 'node:fs/promises';
import type { Role } from '../../../hub/store/records.ts';
import { roles } from './walk-place.ts';

/** What `docs/security.md` says of one call. */
export interface AccessRow {
  /** `GET /api/v1/jobs/:id` */
  readonly call: string;
  readonly operationId: string;
  readonly permission: string;
  readonly roles: readonly Role[];
}

const heading = '## Calls and roles';

/** The table of calls and roles, as people read it. */
export async function readAccessPage(): Promise<readonly AccessRow[]> {
  const page = await readFile(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf(heading)).split(/^## /m)[1] ?? '';
  return section
    .split('\n')
    .filter((line) => /^\| `[^`]+` \| `/.test(line))
    .map((line) => {
      const [call = '', operationId = '', permission = '', ...marks] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', ''));
      return { call, operationId, permission, roles: roles.filter((_, index) => marks[index] === '✓') };
    });
}

/** A row as it is to stand there. */
export function toAccessLine(row: AccessRow): string {
  const marks = roles.map((role) => (row.roles.includes(role) ? ' ✓ |' : ' |'));
  return `| \`${row.call}\` | \`${row.operationId}\` | \`${row.permission}\` |${marks.join('')}`;
}
