import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from '../../../runtime/package-folder.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';

const files = {
  '/docs': { file: 'page.html', type: 'text/html; charset=utf-8' },
  '/docs/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  '/docs/page.mjs': { file: 'page.mjs', type: 'text/javascript; charset=utf-8' },
} as const;

/** The page gets nothing from anywhere but this hub, runs no script but its own, and cannot be put into another page. */
const headers = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** `/docs`: the API, to read and to try. Public and without a word of this hub: the page asks for the description with a token. */
export function docsPage(app: ApiServer, _context: ApiContext): void {
  for (const [path, { file, type }] of Object.entries(files)) {
    app.get(path, { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) => {
      const text = await readFile(join(packageFolder, 'hub/api/docs-page', file), 'utf8');
      return reply.headers(headers).type(type).send(text);
    });
  }
}
