import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** What the issuer puts in the tokens of a client. */
export interface IssuerClient {
  readonly alg?: string;
  readonly audience?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly seconds?: number;
}

/** A real OpenID Connect issuer (oidc-provider) in a process of its own, on one port for as long as it lives. */
export interface OidcIssuer extends AsyncDisposable {
  readonly url: string;
  /** Its private keys. */
  readonly keys: readonly JWK[];
  /** A token by the client credentials grant. */
  token(client: string): Promise<string>;
  stop(): Promise<void>;
  /** Starts it again; with other keys where some are given. */
  start(keys?: readonly JWK[]): Promise<void>;
}

export async function makeSigningKey(alg: string, kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}

/** What an issuer tells of an RSA key. */
export function toPublicJwk({ kty = '', kid, alg, use, n, e }: JWK): JWK {
  const told = { kty, kid, alg, use, n, e };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

export async function startOidcIssuer(
  clients: Readonly<Record<string, IssuerClient>>,
  firstKeys?: readonly JWK[],
): Promise<OidcIssuer> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-issuer-'));
  const settings = join(folder, 'settings.json');
  let keys = firstKeys ?? [await makeSigningKey('RS256', 'first')];
  let child = await run(0);

  async function run(port: number): Promise<{ readonly url: string; stop(): Promise<void> }> {
    await writeFile(settings, JSON.stringify({ port, keys, clients }));
    const program = join(import.meta.dirname, 'fixtures', 'oidc-issuer.mjs');
    const started = spawn(process.execPath, [program, settings], { stdio: ['ignore', 'pipe', 'ignore'] });
    const lines = createInterface(started.stdout);
    const ended = once(started, 'close');
    for await (const line of lines) {
      const url = /^issuer ready (.*)$/.exec(line)?.[1];
      if (url === undefined) continue;
      const stop = async () => {
        started.kill('SIGKILL');
        await ended;
      };
      return { url, stop };
    }
    throw new Error('the issuer ended before it was ready');
  }

  const { url } = child;
  return {
    url,
    get keys() {
      return keys;
    },
    async token(client) {
      const answer = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client}:secret`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      const { access_token: token } = (await answer.json()) as { readonly access_token?: string };
      if (token === undefined) throw new Error(`the issuer gave no token: ${answer.status}`);
      return token;
    },
    stop: () => child.stop(),
    async start(others) {
      await child.stop();
      keys = others ?? keys;
      child = await run(Number(new URL(url).port));
    },
    async [Symbol.asyncDispose]() {
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
