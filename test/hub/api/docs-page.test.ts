import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chromium, openBrowser } from '../../support/browser.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi, toSummary } from './api-harness.ts';

checkLeaks();

const paths = ['/docs', '/docs/page.css', '/docs/page.mjs'];

describe('the page at /docs', () => {
  it('is served without a token, runs nothing but its own script, and names no other place', async () => {
    await using api = await startApi();

    for (const path of paths) {
      const answer = await api.call(path, { token: null });
      assert.equal(answer.status, 200, path);
      const policy = answer.headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/);
      assert.ok(!/unsafe|\*|https?:/.test(policy), policy);
      assert.ok(
        !/https?:\/\/|\burl\(|@import|innerHTML|localStorage|sessionStorage|document\.cookie/.test(answer.text),
        path,
      );
    }
    assert.equal((await api.call('/docs', { token: null })).headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal((await api.call('/docs/page.mjs', { method: 'POST', token: null })).status, 405);
    assert.equal((await api.call('/docs/../page.mjs', { token: null })).status, 404);
  });

  it('is as wide as a narrow screen, whatever is open', {
    skip: chromium === undefined ? 'no Chromium is installed' : false,
  }, async () => {
    await using api = await startApi();
    await using page = await openBrowser(chromium ?? '', { width: 360, height: 740 });

    await page.open(`${api.url}/docs`);
    await page.evaluate(`document.getElementById('token').value = '${api.tokens.admin}'`);
    await page.evaluate(`document.querySelector('#access button').click()`);
    await page.until(`document.querySelectorAll('main details').length > 20`);
    await page.evaluate(`document.querySelectorAll('main details').forEach((details) => { details.open = true; })`);
    await page.until(
      `[...document.querySelectorAll('main details')].every((one) => one.querySelector('pre') !== null)`,
    );

    const widths = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    assert.equal(await page.evaluate(widths), 0);
  });

  it('shows and tries every operation in a browser, and asks nobody but this hub', {
    skip: chromium === undefined ? 'no Chromium is installed' : false,
  }, async () => {
    await using api = await startApi();
    api.view.offer('default', [toSummary('<img src=x onerror=alert(1)>', null)]);
    await using page = await openBrowser(chromium ?? '');
    const press = (selector: string) => page.evaluate(`document.querySelector('${selector}').click()`);
    const connect = async (token: string) => {
      await page.evaluate(`document.getElementById('token').value = '${token}'`);
      await press('#access button');
    };

    await page.open(`${api.url}/docs`);
    await connect('wrong');
    await page.until(`document.getElementById('notice').textContent.includes('unknown, expired or revoked')`);
    await connect(api.tokens.admin);
    await page.until(`document.querySelectorAll('main details').length > 20`);
    const described = (await api.call('/api/v1/openapi.json')).json;
    const ids = Object.values<Record<string, { readonly operationId: string }>>(described.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    for (const id of [...ids, 'schema-Job']) {
      await page.evaluate(`document.getElementById('${id}').open = true`);
      await page.until(`document.querySelector('#${id} pre') !== null`);
    }

    const send = async (id: string) => {
      await press(`#${id} .buttons button.primary`);
      await page.until(`/^\\d{3} /.test(document.querySelector('#${id} [aria-live] h3')?.textContent ?? '')`);
      return String(await page.evaluate(`document.querySelector('#${id} [aria-live]').textContent`));
    };
    const submitted = await send('submitJob');
    const listed = await send('listAutomations');
    await send('watchEvents');
    await api.call('/api/v1/jobs', { body: { automation: 'seen-live' } });
    await page.until(`document.querySelector('#watchEvents [aria-live]').textContent.includes('seen-live')`);
    await press('#watchEvents .buttons button:not(.primary)');
    await page.until(`document.querySelector('#watchEvents [aria-live] h3').textContent.includes('stopped')`);

    assert.match(submitted, /^201 Created .*"automation": "greet"/s);
    assert.match(listed, /<img src=x/);
    assert.equal(await page.evaluate(`document.querySelectorAll('img').length`), 0);
    assert.deepEqual([...new Set(page.asked.map((url) => new URL(url).origin))], [api.url]);
    assert.ok(page.asked.every((url) => !url.includes(api.tokens.admin)));
    assert.deepEqual(
      page.complaints.filter((text) => !text.includes('401')),
      [],
    );
    assert.equal(await page.evaluate(`document.getElementById('token').value`), '');
    assert.equal(await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length'), 0);
  });
});
