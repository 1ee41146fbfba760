import type { Clock } from '../clock.ts';
import type { Destination } from './destination.ts';
import type { Outlet } from './outlet.ts';

/** How a process reaches its hub, for its status page: without user and password. */
export interface OutletStatus {
  /** `from` is the variable that names the proxy, or why there is none. */
  readonly way: {
    readonly type: 'direct' | 'proxy' | 'unusable';
    readonly proxy: string | null;
    readonly from: string;
  };
  /** What is shown to a server that asks for it. Times are ISO 8601; days are whole, negative once it is over. */
  readonly certificate: {
    readonly file: string;
    readonly subject: string;
    readonly notAfter: string;
    readonly daysLeft: number;
  } | null;
  /** Why certificates that are on the disk are not used. */
  readonly problem: string | null;
}

const dayMs = 86_400_000;

export function toOutletStatus(
  outlet: Outlet,
  { destination, clock }: { readonly destination: Destination; readonly clock: Clock },
): OutletStatus {
  const { certificate } = outlet;
  return {
    way: toWay(outlet, destination),
    certificate:
      certificate === null
        ? null
        : {
            file: certificate.file,
            subject: certificate.subject,
            notAfter: new Date(certificate.notAfter).toISOString(),
            daysLeft: Math.floor((certificate.notAfter - clock.now()) / dayMs),
          },
    problem: outlet.problem,
  };
}

function toWay(outlet: Outlet, destination: Destination): OutletStatus['way'] {
  const route = outlet.routeTo(destination);
  switch (route.type) {
    case 'direct':
      return { type: route.type, proxy: null, from: route.why };
    case 'proxy':
      return { type: route.type, proxy: route.proxy.shown, from: route.from };
    case 'unusable':
      return { type: route.type, proxy: null, from: route.from };
  }
}
