import { after } from 'node:test';
import type { PreparedCommand } from '../../../agent/automations/prepared-command.ts';
import { createDummyExecutor } from '../../../agent/executors/dummy/dummy-executor.ts';
import { platformCauses } from '../../../agent/executors/platform-cause.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { testExecutor } from '../../contract/executor-contract.ts';
import { createProcessPlaces } from './process-place.ts';

const places = await createProcessPlaces();
after(() => places.remove());

function toCommand(settings: JsonObject): PreparedCommand {
  return { argv: ['true'], environment: {}, workingDirectory: '/', files: [], settings };
}

testExecutor({
  name: 'dummy',
  create: () => createDummyExecutor({ fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger }),
  createPlace: () => places.create(),
  toCommand: ({ ignoresTerm = false, print = '', bytes = 0, outputs = null, seconds = 0, status = 0 }) =>
    toCommand({ ignoreTerm: ignoresTerm, print, bytes, outputs, sleepSeconds: seconds, exitCode: status }),
  platformEnds: platformCauses.flatMap((cause) =>
    ([true, false, 'unknown'] as const).map((started) => ({
      what: `${cause}, started: ${started}`,
      toCommand: () => toCommand({ cause, started, retrySafe: started === false, sleepSeconds: 0.01 }),
      end: { cause, started, retrySafe: started === false },
    })),
  ),
  refusals: {
    'because its machine is at fault': { command: toCommand({ failStart: 'environment' }), fault: 'environment' },
    'because it will not start there': { command: toCommand({ failStart: 'command' }), fault: 'command' },
    'for a reason of its platform': {
      command: toCommand({ failStart: 'environment', cause: 'cluster-quota' }),
      fault: 'environment',
    },
  },
});
