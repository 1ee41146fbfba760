import type { X509Certificate } from 'node:crypto';
import type { Logger } from '../../runtime/logger.ts';

/** With fewer days left than that it is said again, each time once. */
const stages = [30, 14, 3, 0];
const dayMs = 86_400_000;

/** Says in the log that a certificate is about to end. */
export class ExpiryWarning {
  readonly #logger: Logger;
  /** The last stage that was said, by certificate. */
  #said = new Map<string, number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  look(options: {
    readonly what: 'certificate' | 'client CA';
    readonly certificates: readonly X509Certificate[];
    readonly now: number;
  }): void {
    const { what, certificates, now } = options;
    for (const certificate of certificates) {
      const { fingerprint256, subject, validTo, validToDate } = certificate;
      const msLeft = validToDate.getTime() - now;
      const stage = stages.findLast((days) => msLeft < days * dayMs);
      if (stage === undefined || this.#said.get(fingerprint256) === stage) continue;
      this.#said.set(fingerprint256, stage);
      const fields = { what, subject, validTo, daysLeft: Math.floor(msLeft / dayMs) };
      if (msLeft < 0) this.#logger.error(fields, 'a TLS certificate of the hub has expired');
      else this.#logger.warn(fields, 'a TLS certificate of the hub is about to expire');
    }
  }
}
