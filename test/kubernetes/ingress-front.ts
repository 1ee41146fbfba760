import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../bench/free-port.ts';
import { until } from '../support/until.ts';

const program = '/usr/sbin/nginx';

export const frontSkip: string | false = existsSync(program) ? false : `there is no ${program}`;

interface IngressManifest {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly rules: readonly { readonly http: { readonly paths: readonly { readonly path: string }[] } }[];
  };
}

const annotation = (name: string) => `nginx.ingress.kubernetes.io/${name}`;

/**
 * nginx on this machine with the locations that ingress-nginx makes of an Ingress whose paths are regular expressions, in front of one address.
 * Source: ingress-nginx, rootfs/etc/nginx/template/nginx.tmpl, and its pages "rewrite" and "annotations".
 */
export async function startIngressFront(
  { metadata, spec }: IngressManifest,
  upstream: string,
): Promise<AsyncDisposable & { readonly port: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-ingress-'));
  const port = await findFreePort();
  const { annotations = {} } = metadata;
  const locations = spec.rules
    .flatMap(({ http }) => http.paths)
    .map(
      ({ path }) => `location ~* "^${path}" {
      rewrite "(?i)${path}" ${annotations[annotation('rewrite-target')]} break;
      proxy_pass ${upstream};
      proxy_set_header X-Forwarded-Prefix "${annotations[annotation('x-forwarded-prefix')]}";
      proxy_read_timeout ${annotations[annotation('proxy-read-timeout')]}s;
      proxy_buffering ${annotations[annotation('proxy-buffering')]};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }`,
    );
  const file = join(folder, 'nginx.conf');
  await writeFile(
    file,
    `error_log ${folder}/error.log;
pid ${folder}/pid;
daemon off;
master_process off;
events { worker_connections 200; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 127.0.0.1:${port};
    ${locations.join('\n    ')}
  }
}
`,
  );
  const child: ChildProcess = spawn(program, ['-c', file], { stdio: 'ignore' });
  const end = async () => {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until('nginx to answer', async () => {
      if (child.exitCode !== null) throw new Error(`expected nginx to start, and it ended with ${child.exitCode}`);
      return (await fetch(`http://127.0.0.1:${port}/`).catch(() => null)) !== null;
    });
  } catch (error) {
    await end();
    throw error;
  }
  return { port, [Symbol.asyncDispose]: end };
}
