import { describeTransportContract } from '../contract/transport-contract.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { grpcHarness } from './grpc-harness.ts';

checkLeaks();
describeTransportContract(grpcHarness);
