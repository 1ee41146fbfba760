/** What agents and hubs speak with one another. */
export const wires = ['websocket', 'grpc'] as const;

export type Wire = (typeof wires)[number];

/** The address of a hub as an agent dials it. `address`: `http://…` */
export function toWireUrl(address: string, wire: Wire): string {
  return address.replace(/^http/, wire === 'grpc' ? 'grpc' : 'ws');
}
