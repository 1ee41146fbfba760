import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPlace, type Environment, type Place } from './farhand-process.ts';
import { runCommand } from './run-command.ts';

const waits = `name: waits
kind: script
script: |
  echo begun
  while [ ! -e "$FARHAND_PARAM_GO" ]; do sleep 0.1; done
  echo done
parameters: {type: object, properties: {go: {type: string}}}
`;

/** A place with certificates by `farhand certs`: of the hub, of the agents a1 and a2, and of a person. */
export interface SecurePlace extends Place {
  /** `farhand certs` in the folder of the place. */
  certs(...args: readonly string[]): Promise<void>;
  /** The path of a file in `certs`. */
  at(file: string): string;
  /** The variables for what is shown. */
  pair(name: string): Environment;
  readonly trust: Environment;
  /** The folder of automations: one that waits for the file that its parameter `go` names. */
  readonly automations: string;
  /** With what a person needs. */
  startHub(environment?: Environment): ReturnType<Place['hub']>;
}

export async function createSecurePlace(): Promise<SecurePlace> {
  const place = await createPlace();
  const certs = async (...args: readonly string[]) => {
    const { exitCode, stderr } = await runCommand(['certs', ...args], { folder: place.folder });
    assert.equal(exitCode, 0, stderr);
  };
  await certs('ca');
  await certs('hub', 'localhost', '127.0.0.1');
  await certs('agent', 'a1');
  await certs('agent', 'a2');
  await certs('client', 'ada');
  const at = (file: string) => join(place.folder, 'certs', file);
  const pair = (name: string) => ({ FARHAND_TLS_CERT: at(`${name}.pem`), FARHAND_TLS_KEY: at(`${name}.key`) });
  const automations = join(place.folder, 'automations');
  await mkdir(automations);
  await writeFile(join(automations, 'waits.yaml'), waits);
  return {
    ...place,
    certs,
    at,
    pair,
    trust: { FARHAND_TLS_CA: at('ca.pem') },
    automations,
    async startHub(environment = {}) {
      const started = await place.hub({ ...pair('hub'), FARHAND_TLS_CLIENT_CA: at('ca.pem'), ...environment });
      return { ...started, client: { ...started.client, ...pair('client-ada'), FARHAND_TLS_CA: at('ca.pem') } };
    },
  };
}
