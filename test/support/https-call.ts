import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';

export interface HttpsCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Resolves with the answer when it begins: its body is still to come. `authority` is the file of the CA that is trusted. */
export function openHttps(url: string | URL, authority: string, call: HttpsCall = {}): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...call.headers };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: call.method ?? 'GET', ca: readFileSync(authority), headers, agent: false });
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
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(pieces).toString('utf8') };
}
