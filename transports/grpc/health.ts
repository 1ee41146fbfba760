import { type handleUnaryCall, type Server, status } from '@grpc/grpc-js';
import { AgentsDefinition } from './generated/farhand/v1/agents.ts';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthDefinition,
} from './generated/grpc/health/v1/health.ts';

/** Answers `grpc.health.v1.Health/Check` for the whole server and for `farhand.v1.Agents`, to whoever asks. */
export function serveHealth(server: Server, isServing: () => boolean): void {
  const known = new Set(['', AgentsDefinition.fullName]);
  const check: handleUnaryCall<HealthCheckRequest, HealthCheckResponse> = ({ request }, answer) => {
    if (!known.has(request.service)) {
      answer({ code: status.NOT_FOUND, details: 'there is no such service' });
      return;
    }
    const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
    answer(null, { status: isServing() ? SERVING : NOT_SERVING });
  };
  const { fullName, methods } = HealthDefinition;
  server.addService(
    {
      check: {
        path: `/${fullName}/${methods.check.name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (message: HealthCheckRequest) => Buffer.from(HealthCheckRequest.encode(message).finish()),
        requestDeserialize: (bytes: Buffer) => HealthCheckRequest.decode(bytes),
        responseSerialize: (message: HealthCheckResponse) => Buffer.from(HealthCheckResponse.encode(message).finish()),
        responseDeserialize: (bytes: Buffer) => HealthCheckResponse.decode(bytes),
      },
    },
    { check },
  );
}
