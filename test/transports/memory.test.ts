import { describeTransportContract } from '../contract/transport-contract.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { memoryHarness } from './memory-harness.ts';

checkLeaks();
describeTransportContract(memoryHarness);
