import { describeTransportContract } from '../contract/transport-contract.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { websocketHarness } from './websocket-harness.ts';

checkLeaks();
describeTransportContract(websocketHarness);
