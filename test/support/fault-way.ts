/** How the agents of a fault place come to their hub. */
export interface FaultWay {
  readonly transport: 'websocket' | 'grpc';
  /** mutual: hub and agents show certificates, and each end asks for the other's. */
  readonly tls: 'none' | 'mutual';
  /** squid: agents are in a network of their own, which a squid alone leads out of. */
  readonly proxy: 'none' | 'squid';
}

const choices: { readonly [K in keyof FaultWay]: readonly [FaultWay[K], ...FaultWay[K][]] } = {
  transport: ['websocket', 'grpc'],
  tls: ['none', 'mutual'],
  proxy: ['none', 'squid'],
};

/** As FAULT_TRANSPORT, FAULT_TLS and FAULT_PROXY say, unless `chosen` does: a websocket, in the open and straight where nobody says. */
export function readFaultWay(chosen: { readonly [K in keyof FaultWay]?: string | undefined } = {}): FaultWay {
  return { transport: read('transport', chosen), tls: read('tls', chosen), proxy: read('proxy', chosen) };
}

function read<K extends keyof FaultWay>(
  key: K,
  chosen: { readonly [K in keyof FaultWay]?: string | undefined },
): FaultWay[K] {
  const variable = `FAULT_${key.toUpperCase()}`;
  const word = chosen[key] ?? process.env[variable] ?? choices[key][0];
  const found = choices[key].find((choice) => choice === word);
  if (found === undefined)
    throw new Error(`${variable} or --${key}: expected ${choices[key].join(' or ')}, got ${word}`);
  return found;
}
