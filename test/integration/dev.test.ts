import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { createAuthority } from '../support/certificates.ts';
import { farhand, startFarhand } from '../support/farhand-process.ts';
import { findClosedPort } from '../support/find-closed-port.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks({ settleMs: 8_000 });

const args = ['dev', '--listen', '127.0.0.1:0'];

it('farhand dev is a hub and an agent that commands in the same folder find by themselves', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  await using dev = startFarhand(args, { folder: place.path });
  const address = await dev.ready();
  const token = (await readFile(join(place.path, '.farhand/admin-token'), 'utf8')).trim();

  const hello = await farhand(['run', 'hello'], { folder: place.path });
  const fetched = await fetch(`${address}/api/v1/jobs`, { headers: { authorization: `Bearer ${token}` } });

  assert.match(hello.stdout, /^hello world from /);
  assert.equal(hello.exitCode, 0);
  assert.equal(fetched.status, 200);
  await dev.said(/there is no folder .*automations: offering the examples/);
  await dev.said(/farhand run hello/);

  dev.kill('SIGTERM');
  const { exitCode, stdout } = await dev.ended;
  assert.equal(exitCode, 0);
  assert.equal(stdout, `farhand dev ready ${address}\n`);
  assert.equal(existsSync(join(place.path, '.farhand/dev.json')), false);
});

it('farhand dev names no automation to try where the folder is the user’s own', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  await mkdir(join(place.path, 'automations'));
  // What a person has for a hub elsewhere is not for this one.
  const environment = { FARHAND_TLS_CERT: '/nonexistent/ada.pem', FARHAND_TLS_KEY: '/nonexistent/ada.key' };
  await using dev = startFarhand(args, { folder: place.path, environment });
  await dev.ready();

  await dev.said(/farhand run NAME/);

  dev.kill('SIGTERM');
  await dev.ended;
});

it('farhand dev gives the ways to an issuer to its hub, and to its agent none of what leads to another hub', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const authority = createAuthority(place.path);
  const issuer = 'https://issuer.farhand.invalid';
  // Nobody listens there: who goes through it says so.
  const proxy = `http://127.0.0.1:${await findClosedPort()}`;
  const environment = {
    FARHAND_OIDC_ISSUER: issuer,
    FARHAND_OIDC_AUDIENCE: 'farhand',
    FARHAND_OIDC_ROLES: 'ops=viewer',
    FARHAND_PROXY: proxy,
    FARHAND_TLS_CA: authority.path,
    FARHAND_TLS_CERT: '/nonexistent/hub.pem',
    FARHAND_TLS_KEY: '/nonexistent/hub.key',
    FARHAND_TLS_SERVER_NAME: 'no name at all',
  };
  await using dev = startFarhand(args, { folder: place.path, environment });

  await dev.ready();
  await dev.said(/keys of the issuer cannot be had now/);
  const hello = await farhand(['run', 'hello'], { folder: place.path });

  assert.equal(hello.exitCode, 0);
  dev.kill('SIGTERM');
  const { stderr } = await dev.ended;
  assert.match(stderr, new RegExp(`hub +\\|.*no connection to the proxy ${proxy}`));
});

it('farhand dev keeps its jobs and its token from one start to the next', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  await using first = startFarhand(args, { folder: place.path });
  await first.ready();
  await farhand(['run', 'hello'], { folder: place.path });
  first.kill('SIGINT');
  await first.ended;

  await using second = startFarhand(args, { folder: place.path });
  await second.ready();
  const jobs = await farhand(['jobs'], { folder: place.path });
  const again = await farhand(['run', 'hello'], { folder: place.path });

  assert.match(jobs.stdout, /\tsucceeded\thello\t/);
  assert.equal(again.exitCode, 0);
  second.kill('SIGTERM');
  await second.ended;
});
