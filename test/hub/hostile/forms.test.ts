import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { head, statusesOf, talk } from '../../support/raw-client.ts';
import { toSmuggling } from '../../support/smuggling.ts';
import { needles, startHonestAgent } from './honest-agent.ts';
import { adminToken, startHostilePlace } from './hostile-place.ts';

checkLeaks();

const auth = `Authorization: Bearer ${adminToken}`;
const post = ['POST /api/v1/nowhere HTTP/1.1', 'Host: x', 'Content-Type: application/json'] as const;
/** What one who smuggles wants to be answered. */
const smuggled = head('GET /api/v1/jobs HTTP/1.1', 'Host: x', auth);

const smuggling = toSmuggling(post, smuggled);

const get = (path: string, ...more: readonly string[]): string =>
  head(`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...more);

/** Ways round to what needs a token, without one. */
const tricks: Readonly<Record<string, string>> = Object.fromEntries(
  [
    '//api/v1/jobs',
    '/api//v1/jobs',
    '/api/v1/jobs/',
    '/./api/v1/jobs',
    '/docs/../api/v1/jobs',
    '/livez/..%2fapi/v1/jobs',
    '/docs/%2e%2e/api/v1/jobs',
    '/docs/..%2f..%2f..%2f..%2fetc/passwd',
    '/docs/page.css/../../../hub.db',
    '/docs/..%5c..%5cpackage.json',
    '/docs/page.css%00.html',
    '/api/v1/jobs%00',
    '/api/v1/jobs%2f',
    '/api/v1/%6aobs',
    '/API/V1/JOBS',
    '/api/v1/jobs;x=1',
    '/api/v1/jobs?token=x',
    '/api/v1/jobs%',
    '/api/v1/jobs/%ff',
    '/api/v1/jobs#x',
    '/\\api\\v1\\jobs',
    'http://127.0.0.1/api/v1/jobs',
    'http://evil.example/livez/../api/v1/jobs',
    'file:///etc/passwd',
    '*',
    'api/v1/jobs',
    '/v1/control',
    '/v1/sessions/x',
    '/metrics/../api/v1/jobs',
  ].map((path) => [path, get(path)]),
);

const upgradeLines = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

const others: Readonly<Record<string, string>> = {
  CONNECT: head('CONNECT 127.0.0.1:22 HTTP/1.1', 'Host: x', auth, 'Connection: close'),
  'CONNECT to the hub itself': `${head('CONNECT x:80 HTTP/1.1', 'Host: x')}${smuggled}`,
  TRACE: head('TRACE /api/v1/jobs HTTP/1.1', 'Host: x', auth, 'Connection: close'),
  'OPTIONS of all': head('OPTIONS * HTTP/1.1', 'Host: x', auth, 'Connection: close'),
  'a method of its own': head('PURGE /api/v1/jobs HTTP/1.1', 'Host: x', auth, 'Connection: close'),
  'HTTP/0.9': 'GET /api/v1/jobs\r\n\r\n',
  'another path in a header': get('/livez/x', 'X-Original-URL: /api/v1/jobs', 'X-Rewrite-URL: /api/v1/jobs', auth),
  'a prefix in a header': get('/jobs', 'X-Forwarded-Prefix: /api/v1', auth),
  'an upgrade of the API': get('/api/v1/jobs', ...upgradeLines).replace('Connection: close\r\n', ''),
  'an upgrade of a channel without a credential': head(
    'GET /v1/control HTTP/1.1',
    'Host: x',
    ...upgradeLines,
    'Sec-WebSocket-Protocol: cloudevents.json',
  ),
  'an upgrade of a channel with a token of a user': head(
    'GET /v1/control HTTP/1.1',
    'Host: x',
    ...upgradeLines,
    'Sec-WebSocket-Protocol: cloudevents.json',
    auth,
  ),
  'an upgrade with POST': head('POST /v1/control HTTP/1.1', 'Host: x', 'Content-Length: 0', ...upgradeLines, auth),
  'a channel by a way round': head('GET /api/../v1/control HTTP/1.1', 'Host: x', ...upgradeLines),
  'a request behind an upgrade': `${head('GET /v1/control HTTP/1.1', 'Host: x', ...upgradeLines, 'Sec-WebSocket-Protocol: cloudevents.json')}${smuggled}`,
  'HTTP/1 behind the beginning of HTTP/2': `${preface}${smuggled}`,
  'HTTP/2 behind a request': `${head('GET /nowhere HTTP/1.1', 'Host: x')}${preface}`,
  'TLS behind a request': `${head('GET /nowhere HTTP/1.1', 'Host: x')}\x16\x03\x01\x02\0\x01\0\x01\xfc`,
};

for (const secure of [false, true]) {
  describe(`a request of a strange form${secure ? ', by who shows a certificate' : ''}`, () => {
    it('gets nothing, and no request is found in what another one left', async () => {
      await using place = await startHostilePlace({ secure });
      await using agent = await startHonestAgent(place);
      for (const [what, bytes] of Object.entries({ ...smuggling, ...tricks, ...others })) {
        const said = await talk(place.target, bytes);
        const statuses = statusesOf(said);

        assert.ok(
          statuses.every((status) => status >= 400),
          `${what}: ${said}`,
        );
        for (const needle of [...needles, adminToken, 'root:']) assert.ok(!said.includes(needle), `${what}: ${said}`);
        if (Object.hasOwn(smuggling, what)) assert.ok(statuses.length <= 1, `${what}: ${said}`);
      }

      await place.calm();
      await agent.finish();
    });
  });
}

describe('a method in a header', () => {
  it('is no method', async () => {
    await using place = await startHostilePlace();
    await using agent = await startHonestAgent(place);
    const override = ['X-HTTP-Method-Override: POST', 'X-Method-Override: POST', 'X-HTTP-Method: POST', auth];

    const cancel = await talk(place.target, get(`/api/v1/jobs/${agent.job}/cancel`, ...override));
    const read = await talk(place.target, get(`/api/v1/jobs/${agent.job}?_method=DELETE`, ...override));

    assert.deepEqual(statusesOf(cancel), [405], cancel);
    assert.deepEqual(statusesOf(read), [400], read);
    await agent.finish();
  });
});
