#!/usr/bin/env node
// The image's health check: the hub or the agent of this container answers at its /livez.
const addresses = [process.env.FARHAND_STATUS_LISTEN, process.env.FARHAND_LISTEN].filter(Boolean);

const answers = addresses.map(async (address) => {
  const here = address.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, '127.0.0.1');
  const answer = await fetch(`http://${here}/livez`, { signal: AbortSignal.timeout(4000) });
  if (!answer.ok) throw new Error(`${here} answers ${answer.status}`);
});

Promise.any(answers).catch(({ errors }) => {
  console.error(errors.map((error) => String(error.cause ?? error)).join('; '));
  process.exitCode = 1;
});
