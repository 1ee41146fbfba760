import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startFakeAgent } from '../../support/fake-agent.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { openRaw, type RawClient } from '../../support/raw-client.ts';
import { until } from '../../support/until.ts';
import { startHonestAgent } from './honest-agent.ts';
import { startHostilePlace } from './hostile-place.ts';

checkLeaks();

const sockets = 3_000;
const atOnce = 100;
/** Half of what a hub bears of strangers: they all come from one address. */
const most = 1_024;

const stages: Readonly<Record<string, string>> = {
  nothing: '',
  'a letter': 'G',
  'a beginning of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a request that was answered': 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n',
};

describe('a crowd of connections', () => {
  for (const [what, bytes] of Object.entries(stages)) {
    it(`that say ${what} leaves room for agents and clients, and is thinned`, async () => {
      await using place = await startHostilePlace();
      await using agent = await startHonestAgent(place);
      using crowd = new DisposableStack();
      const clients: RawClient[] = [];
      for (let opened = 0; opened < sockets; opened += atOnce) {
        for (let each = 0; each < atOnce; each += 1) {
          const client = crowd.use(openRaw(place.target));
          if (bytes !== '') client.write(bytes);
          clients.push(client);
        }
        await delay(1);
        if (opened % 1_000 === 0) assert.equal((await place.call('GET', '/readyz')).status, 200);
      }

      await until('the oldest to be cut', () => clients.filter(({ socket }) => !socket.destroyed).length <= most);
      await agent.stillWorks();
      const joining = await place.call('POST', '/api/v1/join-tokens', { uses: 1 });
      const { token } = JSON.parse(joining.text) as { readonly token: string };
      await using late = await startFakeAgent({ hub: place.address, joinToken: token, name: 'late', automations: [] });
      assert.match((await place.call('GET', '/api/v1/agents/late')).text, new RegExp(late.id));
      const metrics = (await place.call('GET', '/metrics')).text;
      const strangers = Number(/^farhand_hub_strangers (\d+)$/m.exec(metrics)?.[1]);
      assert.ok(strangers > most / 2 && strangers <= most, String(strangers));
      assert.match(metrics, /^farhand_hub_connections_refused_total\{reason="crowded-address"\} [1-9]\d*$/m);
      crowd.dispose();

      await agent.finish();
    });
  }
});
