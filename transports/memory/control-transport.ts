import type { ControlTransport } from '../control-transport.ts';
import { controlTarget } from '../targets.ts';
import type { MemoryDialler } from './memory-dialler.ts';
import { controlCodec } from './wire.ts';

export function createControlTransport(options: {
  readonly dialler: MemoryDialler;
  readonly maxEventBytes: number;
}): ControlTransport {
  return {
    name: 'memory',
    capabilities: { sessions: true, maxEventBytes: options.maxEventBytes },
    connect: (credential, { signal }) =>
      options.dialler.open({ target: controlTarget, kind: 'control', codec: controlCodec, credential, signal }),
  };
}
