import { ApiError } from './api-error.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

/** What a person is told about a failed call, and what to do next. Other errors stay what they are. */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  switch (error.code) {
    case 'unreachable':
      return new Failure(exitCodes.refused, error.message, [
        'Start one with `farhand dev` (a hub and an agent in one terminal) or `farhand hub`,',
        'or name the one to talk to: FARHAND_HUB_URL=https://hub.example.org',
      ]);
    case 'not-a-hub':
      return new Failure(exitCodes.refused, error.message, [
        'Is FARHAND_HUB_URL the address of a hub, without a path? A proxy in between, or a hub of another version, can answer like this.',
      ]);
    case 'problem':
      return toProblemFailure(error);
  }
}

function toProblemFailure({ problem }: ApiError): Failure {
  if (problem === null) return new Failure(exitCodes.refused, 'the hub refused');
  const places = problem.errors ?? [];
  const detail = problem.detail === '' ? problem.title : problem.detail;
  // One wrong place is in the detail already; of several a list says more than a sentence.
  const message = places.length > 1 ? problem.title : detail;
  const list = places.map(({ pointer, message: what }) => `${pointer === '' ? 'the whole' : pointer}: ${what}`);
  switch (problem.status) {
    case 401:
      return new Failure(exitCodes.refused, message, [
        problem.code === 'token-missing'
          ? 'Give your token in FARHAND_TOKEN, or the file that holds it in FARHAND_TOKEN_FILE.'
          : 'FARHAND_TOKEN is not a token of this hub: it may be mistyped, expired, revoked, or of another hub.',
        "An administrator makes one: `farhand token create --role operator`. The first administrator's is in admin-token in the hub's data folder.",
      ]);
    case 403:
      return new Failure(exitCodes.refused, message, [
        'The token is valid, but its role does not allow this. An administrator can make another one.',
      ]);
    case 404:
      return new Failure(exitCodes.usage, message, [
        'Is it the right id, on the right hub? `farhand jobs` lists the jobs that you may see.',
      ]);
    case 429:
      return new Failure(exitCodes.refused, message, ['Wait a moment and try again.']);
    default:
      return new Failure(problem.status >= 500 ? exitCodes.refused : exitCodes.usage, message, [
        ...(list.length > 1 ? list : []),
        ...(problem.code === 'parameters-invalid' ? ['What it takes: `farhand automations --json`'] : []),
      ]);
  }
}
