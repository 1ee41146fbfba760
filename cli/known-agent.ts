import { findNearestWord } from '../protocol/nearest-word.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import { fetchAgents } from './fetch-items.ts';

const maxListed = 20;

/** Does something with an agent by its name; when there is none of that name, the failure says which there are. */
export async function withKnownAgent<T>(api: ApiClient, name: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem === null) throw error;
    const { code } = error.problem;
    // A name that no agent can have is refused before anybody looks for it.
    if (code !== 'not-found' && code !== 'request-invalid' && code !== 'query-invalid') throw error;
    const names = (await fetchAgents(api)).map((agent) => agent.name);
    if (names.includes(name)) throw error;
    const near = findNearestWord(name, names);
    const more = names.length > maxListed ? ` and ${names.length - maxListed} more` : '';
    throw new Failure(exitCodes.usage, `there is no agent named ${JSON.stringify(name)}`, [
      ...(near === null ? [] : [`Did you mean ${near}?`]),
      names.length === 0
        ? 'No agent has joined this hub yet; `farhand token create --join` makes the token that one needs'
        : `There are: ${names.slice(0, maxListed).join(', ')}${more}`,
    ]);
  }
}
