/** Which wire the agents of a fault place dial: websockets, or with FAULT_TRANSPORT=grpc gRPC. */
export function readFaultScheme(): 'ws' | 'grpc' {
  const transport = process.env['FAULT_TRANSPORT'] ?? 'websocket';
  if (transport === 'websocket') return 'ws';
  if (transport === 'grpc') return 'grpc';
  throw new Error(`FAULT_TRANSPORT: expected websocket or grpc, got ${transport}`);
}
