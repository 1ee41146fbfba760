import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';

/** Paths of a certificate and its key, in PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface HttpsCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** What is shown to a server that asks for a certificate. */
  readonly files?: CertificateFiles;
  readonly signal?: AbortSignal;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
}

/** Resolves with the answer when it begins: its body is still to come. `authority` is the file of the CA that is trusted. */
export function openHttps(url: string | URL, authority: string, call: HttpsCall = {}): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...call.headers };
  const { method = 'GET', files, signal } = call;
  const shown = files === undefined ? {} : { cert: readFileSync(files.certificate), key: readFileSync(files.key) };
  const aborted = signal === undefined ? {} : { signal };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, ca: readFileSync(authority), ...shown, ...aborted, headers, agent: false });
    asked.on('response', resolve);
    asked.on('error', reject);
    asked.end(body);
  });
}

/** The same with all of the body. */
export async function callHttps(url: string | URL, authority: string, call: HttpsCall = {}): Promise<HttpsAnswer> {
  const answer = await openHttps(url, authority, call);
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: bytes.toString('utf8'), bytes };
}
