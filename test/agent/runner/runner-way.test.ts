import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { openSecureDoor } from '../../support/secure-door.ts';
import { createTlsFolder } from '../../support/tls-folder.ts';
import { startTunnelProxy } from '../../support/tunnel-proxy.ts';
import { giveToPod } from './give-to-pod.ts';

checkLeaks();

describe("a runner's way to the hub", () => {
  for (const scheme of ['wss', 'grpcs'] as const) {
    it(`is that of its Secret: a proxy, a certificate and a CA of its own, over ${scheme}`, async () => {
      using tls = createTlsFolder();
      await using stack = new AsyncDisposableStack();
      const way = join(tls.path, 'way');
      mkdirSync(way);
      const { cert, key } = tls.clientAuthority.issue({ names: 'DNS:runners', days: 1, usage: 'clientAuth' });
      const seen: { asked: readonly string[]; shown: readonly string[] } = { asked: [], shown: [] };
      const hubUrl = async (hub: { readonly address: string }) => {
        const door = await openSecureDoor({
          host: '127.0.0.1',
          certificate: tls.authority.issue({ names: 'DNS:hub.test', days: 1 }),
          ca: readFileSync(tls.clientAuthority.path, 'utf8'),
          hubPort: Number(new URL(hub.address).port),
        });
        stack.use(door);
        const proxy = stack.use(await startTunnelProxy(door.port));
        const files = {
          proxy: `${proxy.url}\n`,
          'tls.crt': cert,
          'tls.key': key,
          'ca.crt': readFileSync(tls.authority.path, 'utf8'),
        };
        for (const [name, text] of Object.entries(files)) writeFileSync(join(way, name), text);
        Object.assign(seen, { asked: proxy.asked, shown: door.shown });
        return `${scheme}://hub.test:7400`;
      };

      await giveToPod(
        'echo hello',
        async ({ hub, job, pod }) => {
          pod.startNeighbour();
          const runner = pod.startRunner();

          const ended = await hub.jobIn(job.id, 'failed', 'succeeded', 'lost');

          assert.deepEqual([ended.state, ended.log?.complete], ['succeeded', true], runner.errors());
          assert.equal((await runner.ended).code, 0);
        },
        { environment: { FARHAND_RUNNER_WAY: way }, hubUrl },
      );

      assert.deepEqual(new Set(seen.asked), new Set(['hub.test:7400']));
      assert.ok(seen.shown.length > 0 && seen.shown.every((serial) => serial !== ''));
    });
  }
});
