import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ConfigError } from '../../../runtime/configuration/config-error.ts';
import type { ConfigSchema } from '../../../runtime/configuration/config-key.ts';
import { listenAddress, seconds, text, url, yesOrNo } from '../../../runtime/configuration/formats.ts';
import { loadConfiguration } from '../../../runtime/configuration/load-configuration.ts';

const schema = {
  listen: { variable: 'FARHAND_LISTEN', doc: 'where', format: listenAddress, default: '127.0.0.1:1', sensitive: false },
  waitSeconds: {
    variable: 'FARHAND_WAIT_SECONDS',
    doc: 'how long',
    format: seconds({ from: 0, to: 10 }),
    default: null,
    sensitive: false,
  },
  insecure: { variable: 'FARHAND_INSECURE', doc: 'whether', format: yesOrNo, default: 'false', sensitive: false },
  token: { variable: 'FARHAND_TOKEN', doc: 'who', format: text, default: null, sensitive: true },
} as const satisfies ConfigSchema;

function load(environment: Record<string, string>, flags: Record<string, string> = {}) {
  return loadConfiguration(schema, { environment, flags });
}

function mistakesOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.mistakes;
  }
  return assert.fail('expected a ConfigError');
}

describe('loadConfiguration', () => {
  it('answers typed values that nobody can change, with defaults for what is not set', () => {
    const config = load({ FARHAND_WAIT_SECONDS: '2.5', FARHAND_TOKEN: 'abc', PATH: '/bin' });

    assert.deepEqual(config, {
      listen: { host: '127.0.0.1', port: 1 },
      waitSeconds: 2.5,
      insecure: false,
      token: 'abc',
    });
    assert.ok(Object.isFrozen(config));
  });

  it('takes a flag over a variable, and nothing for not set', () => {
    const config = load(
      { FARHAND_LISTEN: '[::1]:2', FARHAND_WAIT_SECONDS: '' },
      { FARHAND_LISTEN: '[::1]:3', FARHAND_INSECURE: 'true' },
    );

    assert.deepEqual(config.listen, { host: '::1', port: 3 });
    assert.equal(config.waitSeconds, null);
    assert.equal(config.insecure, true);
  });

  it('tells all mistakes at once, each with the variable, what was expected and what came', () => {
    const mistakes = mistakesOf(() =>
      load({ FARHAND_LISTEN: 'here', FARHAND_WAIT_SECONDS: '11' }, { FARHAND_INSECURE: 'perhaps' }),
    );

    assert.deepEqual(mistakes, [
      'FARHAND_LISTEN: expected host:port, such as 127.0.0.1:7400 or [::1]:0, got "here"',
      'FARHAND_WAIT_SECONDS: expected seconds, a number from 0 to 10, got "11"',
      '--insecure (FARHAND_INSECURE): expected true or false, got "perhaps"',
    ]);
  });

  it('never shows the value of a secret', () => {
    const secret = { ...schema, token: { ...schema.token, format: listenAddress } };

    const mistakes = mistakesOf(() =>
      loadConfiguration(secret, { environment: { FARHAND_TOKEN: 'hunter2' }, flags: {} }),
    );

    assert.match(mistakes.join(), /^FARHAND_TOKEN: expected host:port/);
    assert.doesNotMatch(mistakes.join(), /hunter2/);
  });

  it('shows no password that stands in a URL, and says that none belongs there', () => {
    const hub = { ...schema, hub: { ...schema.listen, variable: 'FARHAND_HUB_URL' as const, format: url(['https']) } };
    const look = (text: string) =>
      mistakesOf(() => loadConfiguration(hub, { environment: { FARHAND_HUB_URL: text }, flags: {} })).join();

    assert.match(
      look('https://me:hunter2@hub.example.org'),
      /without user, query and fragment, got "https:\/\/…@hub\.ex/,
    );
    assert.doesNotMatch(look('https://me:hunt/er2@hub.example.org'), /er2/);
    assert.match(look('hub.example.org:7400'), /begins with https:\/\/, .*got "hub\.example\.org:7400"/);
  });

  it('reads a secret from a file, without the line end', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const path = join(folder.path, 'token');
    await writeFile(path, ' two words \n');

    assert.equal(load({ FARHAND_TOKEN_FILE: path }).token, ' two words ');
    assert.equal(load({ FARHAND_TOKEN: 'other' }, { FARHAND_TOKEN_FILE: path }).token, ' two words ');
    assert.equal(load({ FARHAND_TOKEN_FILE: path }, { FARHAND_TOKEN: 'flag' }).token, 'flag');
  });

  it('refuses a secret that is given twice, and a file that is not there or empty', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const path = join(folder.path, 'token');
    await writeFile(path, '\n');

    const twice = mistakesOf(() => load({ FARHAND_TOKEN: 'a', FARHAND_TOKEN_FILE: path }));
    const empty = mistakesOf(() => load({ FARHAND_TOKEN_FILE: path }));
    const missing = mistakesOf(() => load({ FARHAND_TOKEN_FILE: join(folder.path, 'none') }));

    assert.match(twice.join(), /both are set/);
    assert.match(empty.join(), /the file is empty/);
    assert.match(missing.join(), /FARHAND_TOKEN_FILE: expected a file that can be read, .*ENOENT/);
  });

  it('asks rules over several keys only when each key is in order', () => {
    const rule = () => ['FARHAND_LISTEN: expected something else'];

    const broken = mistakesOf(() => loadConfiguration(schema, { environment: {}, flags: {} }, rule));
    const unasked = mistakesOf(() =>
      loadConfiguration(schema, { environment: { FARHAND_LISTEN: 'x' }, flags: {} }, rule),
    );

    assert.deepEqual(broken, ['FARHAND_LISTEN: expected something else']);
    assert.match(unasked.join(), /^FARHAND_LISTEN: expected host:port/);
  });
});
