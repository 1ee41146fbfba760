import type { Problem } from '../protocol/problem.ts';
import { OutletError } from '../runtime/network/outlet-error.ts';
import { ApiError } from './api-error.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

/** What a person is told about a failed call, and what to do next. Other errors stay what they are. */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  switch (error.code) {
    case 'unreachable':
      if (isOfTheWay(error)) return new Failure(exitCodes.refused, error.message, [wayHint]);
      return new Failure(exitCodes.refused, error.message, [
        'Start one with `farhand dev` (a hub and an agent in one terminal) or `farhand hub`,',
        'or name the one to talk to: FARHAND_HUB_URL=https://hub.example.org',
        '`farhand doctor` finds out why it does not answer.',
      ]);
    case 'not-a-hub':
      return new Failure(exitCodes.refused, error.message, [
        'Is FARHAND_HUB_URL the address of a hub, with the path that it is served under (most have none)? A proxy in between, or a hub of another version, can answer like this.',
        '`farhand doctor` tells what it is, and which versions are there.',
      ]);
    case 'problem':
      return toProblemFailure(error);
  }
}

const wayHint = '`farhand doctor` looks at the way to the hub step by step.';

/** Something answered on the way, and the message says what to do about it: another hub would not help. */
function isOfTheWay(error: ApiError): boolean {
  let cause: unknown = error.cause;
  while (cause instanceof Error && !(cause instanceof OutletError)) ({ cause } = cause);
  return cause instanceof OutletError && cause.code !== 'unreachable' && cause.code !== 'ended';
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
      return new Failure(exitCodes.refused, message, [toForbiddenHint(problem)]);
    case 404:
      return new Failure(exitCodes.usage, message, [
        message.includes('token')
          ? 'Is it the right id? `farhand token list` lists tokens, `farhand token list --join` those for agents, which `revoke --join` takes.'
          : message.includes('agent')
            ? 'Is it the right name, on the right hub? `farhand agents` lists the agents that you may see.'
            : message.includes('attempt')
              ? 'Attempts are counted from 1: `farhand jobs ID` shows the last one.'
              : 'Is it the right id, on the right hub? `farhand jobs` lists the jobs that you may see.',
      ]);
    case 429:
      return new Failure(exitCodes.refused, message, ['Wait a moment and try again.']);
    default:
      return new Failure(problem.status >= 500 ? exitCodes.refused : exitCodes.usage, message, [
        ...(list.length > 1 ? list : []),
        ...toNextSteps(problem),
      ]);
  }
}

function toForbiddenHint({ code }: Problem): string {
  switch (code) {
    case 'client-certificate-needed':
    case 'client-certificate-invalid':
      return '`farhand certs show FILE` tells what a certificate is for; an administrator makes one: `farhand certs client NAME`. `farhand doctor` looks at yours.';
    case 'quota-exceeded':
      return '`farhand accounts` shows what the account has and may have; an administrator raises it: `farhand accounts set`.';
    default:
      return 'The token is valid, but its role does not allow this. An administrator can make another one: `farhand token create --role operator`';
  }
}

function toNextSteps({ code, status, errors = [] }: Problem): readonly string[] {
  switch (code) {
    case 'parameters-invalid':
      return ['What it takes: `farhand automations --json`'];
    case 'log-removed':
      return ['`farhand jobs ID` shows how the job ended, and the length and digest of what it printed.'];
    case 'events-removed':
      return ['Begin anew: `farhand events`; what is there now: `farhand jobs`'];
    case 'job-ended':
      return ['`farhand jobs ID` shows how it ended; `farhand rerun ID` runs it again.'];
    case 'idempotency-conflict':
      return ['Take a new --idempotency-key for another job; the same request as before answers the earlier job.'];
    case 'too-large':
      return ['Put large data where the automation can fetch it, and give its address as a parameter.'];
    case 'request-invalid':
      return errors.some(({ pointer }) => pointer.startsWith('/secrets/'))
        ? ['Give each secret by name: -s NAME=@file, or -s NAME from the variable of that name']
        : ['What it takes: the command with --help'];
    default:
      return status >= 500
        ? [
            "Try again in a moment. The hub's log says more; `farhand doctor --hub` on its machine looks at its disk and store.",
          ]
        : ['What the code means: docs/errors.md; what the command takes: --help'];
  }
}
