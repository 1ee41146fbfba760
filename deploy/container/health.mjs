#!/usr/bin/env node
// The image's health check: the hub or the agent of this container answers at its /livez. `health.mjs /readyz http://hub:7400` asks another.
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const { FARHAND_STATUS_LISTEN: agent, FARHAND_LISTEN: hub, FARHAND_TLS_CERT: certificate } = process.env;
const [path = '/livez', ...others] = process.argv.slice(2);
const timeoutMs = 4000;

/** Whose certificate it is does not matter here. A hub that wants one of us has answered, too. */
function ask(address) {
  const get = address.startsWith('https:') ? getHttps : getHttp;
  const options = { rejectUnauthorized: false, signal: AbortSignal.timeout(timeoutMs) };
  return new Promise((resolve, reject) => {
    const request = get(address + path, options, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      if (response.statusCode === 200 || text.includes('"client-certificate-needed"')) resolve();
      else reject(new Error(`${address}${path} answers ${response.statusCode}: ${text.trim()}`));
    });
    request.on('error', (error) => reject(new Error(`${address}: ${error.message}`)));
  });
}

function toHere(scheme, listen) {
  return `${scheme}://${listen.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, '127.0.0.1')}`;
}

const own = [];
if (agent) own.push(toHere('http', agent));
if (hub) own.push(toHere(certificate ? 'https' : 'http', hub));

Promise.any((others.length > 0 ? others : own).map(ask)).then(
  () => process.exit(0),
  ({ errors }) => {
    console.error(errors.map(({ message }) => message).join('; '));
    process.exitCode = 1;
  },
);
