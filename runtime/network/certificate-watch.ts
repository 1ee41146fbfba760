import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Outlet } from './outlet.ts';

const dayMs = 86_400_000;
const warnDays = 14;

/** Looks at once and then twice a day at the certificate that we show, and warns in the log where it is over soon. */
export function watchCertificate(options: {
  readonly outlet: Outlet;
  readonly clock: Clock;
  readonly logger: Logger;
}): Disposable {
  const { outlet, clock, logger } = options;
  let timer: Timer;
  const look = () => {
    const { certificate } = outlet;
    const daysLeft = certificate === null ? Number.POSITIVE_INFINITY : (certificate.notAfter - clock.now()) / dayMs;
    if (certificate !== null && daysLeft < warnDays) {
      const { file, notAfter } = certificate;
      const fields = { file, notAfter: new Date(notAfter).toISOString(), daysLeft: Math.floor(daysLeft) };
      logger.warn(fields, daysLeft < 0 ? 'client certificate is over' : 'client certificate is over soon');
    }
    timer = clock.schedule(dayMs / 2, look, { background: true });
  };
  look();
  return { [Symbol.dispose]: () => timer.cancel() };
}
