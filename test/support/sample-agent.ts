import type { Agent } from '../../protocol/agent.ts';
import { version } from '../../runtime/version.ts';

/** An agent that is online and well, with what the test says otherwise. */
export function sampleAgent(changes: Partial<Agent> = {}): Agent {
  return {
    id: '0197a1f0-0000-7000-8000-0000000000a1',
    name: 'a1',
    account: 'default',
    labels: { site: 'ams' },
    online: true,
    version,
    platform: { os: 'linux', arch: 'x64', release: '6.1', hostname: 'host-1', node: 'v24.0.0' },
    transport: 'websocket',
    slots: { total: 8, used: 0 },
    automations: [{ name: 'hello', digest: '0'.repeat(64) }],
    health: { state: 'ok', problems: [] },
    schedulable: true,
    drain: false,
    note: null,
    loopLagMs: 0,
    admission: null,
    keyFingerprint: 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU',
    lastSeenAt: '2026-01-01T00:00:00.000Z',
    createdAt: '2026-01-01T00:00:00.000Z',
    revokedAt: null,
    keyRotating: false,
    ...changes,
  };
}
