import type { X509Certificate } from 'node:crypto';
import type { HubTls } from '../../protocol/hub-tls.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { LoopBoard } from '../../runtime/loop-board.ts';
import { sleep } from '../../runtime/sleep.ts';
import { toIssuerLine, toSubjectLine } from '../../runtime/subject-line.ts';
import { ExpiryWarning } from './expiry-warning.ts';
import { TlsError } from './tls-error.ts';
import { loadTlsMaterial, type TlsMaterial } from './tls-material.ts';
import type { TlsOptions } from './tls-options.ts';

export interface TlsKeeperOptions {
  readonly files: TlsOptions;
  readonly clock: Clock;
  readonly loops: LoopBoard;
  readonly logger: Logger;
}

/**
 * The files are compared by what is in them, and looked at rather than watched: a mounted secret changes by links, and watching says nothing
 * of a network disk.
 */
const lookEveryMs = 10_000;
/** Whoever starts a hub may not start it again when it ends at once: between two files that are written one after the other it does not. */
const secondLookMs = 1_000;
const dayMs = 86_400_000;

/**
 * Keeps what the hub speaks TLS with as its files have it. Whatever is wrong with new ones, those in use stay, and it is said in the log, the
 * status and the metrics; they are looked at again and again.
 */
export class TlsKeeper implements AsyncDisposable {
  readonly #options: TlsKeeperOptions;
  readonly #expiry: ExpiryWarning;
  #current: TlsMaterial;
  #loadedAt: number;
  #problem: string | null = null;
  #changes = 0;
  #failures = 0;
  readonly #signers = new Map<string, number>();
  #onChange: (material: TlsMaterial) => void = () => {};
  #timer: Timer | null = null;
  #looking: Promise<void> | null = null;
  #isDisposed = false;
  readonly #loop;

  private constructor(options: TlsKeeperOptions, material: TlsMaterial) {
    this.#options = options;
    this.#current = material;
    this.#loadedAt = options.clock.now();
    this.#expiry = new ExpiryWarning(options.logger);
    this.#loop = options.loops.open('tls files');
    this.#warn();
    this.#schedule();
  }

  /** Reads the files for the first time. Rejects with `TlsError`. Where they do not fit together, whatever writes them is given a moment to end. */
  static async open(options: TlsKeeperOptions): Promise<TlsKeeper> {
    try {
      return new TlsKeeper(options, await loadTlsMaterial(options.files));
    } catch (error) {
      if (!(error instanceof TlsError) || error.code !== 'tls-mismatch') throw error;
      options.logger.warn({ err: error }, 'TLS files do not fit together; they are read once more');
      await sleep(options.clock, secondLookMs, new AbortController().signal);
      return new TlsKeeper(options, await loadTlsMaterial(options.files));
    }
  }

  get current(): TlsMaterial {
    return this.#current;
  }

  get files(): TlsOptions {
    return this.#options.files;
  }

  /** How often other files were taken into use, and how often they could not be. */
  get counts(): { readonly changes: number; readonly failures: number } {
    return { changes: this.#changes, failures: this.#failures };
  }

  /** How many connections were let in by a certificate, by who signed it. */
  get signers(): ReadonlyMap<string, number> {
    return this.#signers;
  }

  /** One was let in by this certificate, which a CA of the hub's has signed. */
  letIn(certificate: X509Certificate): void {
    const signer = toIssuerLine(certificate);
    this.#signers.set(signer, (this.#signers.get(signer) ?? 0) + 1);
  }

  /** Calls back with what new connections are to use, each time that it changes. */
  watch(onChange: (material: TlsMaterial) => void): void {
    this.#onChange = onChange;
  }

  /** Looks at the files now. Never rejects. */
  async look(): Promise<void> {
    this.#timer?.cancel();
    this.#looking ??= this.#lookOnce();
    await this.#looking;
  }

  status(): HubTls {
    const now = this.#options.clock.now();
    const { leaf, clientAuthorities } = this.#current;
    const [soonest] = clientAuthorities.toSorted((a, b) => a.validToDate.getTime() - b.validToDate.getTime());
    return {
      certificate: toView(leaf, now),
      clientCertificates: this.#options.files.clientCertificates,
      clientCa: soonest === undefined ? null : toView(soonest, now),
      loadedAt: new Date(this.#loadedAt).toISOString(),
      problem: this.#problem,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#timer?.cancel();
    await this.#looking;
    this.#loop[Symbol.dispose]();
  }

  async #lookOnce(): Promise<void> {
    this.#loop.does('reads the files');
    try {
      this.#use(await loadTlsMaterial(this.#options.files));
      this.#problem = null;
      this.#loop.turned();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#warn();
      this.#looking = null;
      this.#schedule();
    }
  }

  #use(found: TlsMaterial): void {
    const { certificate, key, clientCa } = this.#current;
    if (found.certificate === certificate && found.key === key && found.clientCa === clientCa) return;
    const now = this.#options.clock.now();
    if (isValid(this.#current.leaf, now) && !isValid(found.leaf, now)) {
      const { validFrom, validTo } = found.leaf;
      throw new TlsError(
        'tls-not-now',
        `FARHAND_TLS_CERT: expected a certificate that is valid now, got one from ${validFrom} to ${validTo}`,
      );
    }
    this.#current = found;
    this.#loadedAt = now;
    this.#changes += 1;
    this.#onChange(found);
    const { serialNumber, validTo, subjectAltName } = found.leaf;
    const clientCas = found.clientAuthorities.map(toSubjectLine);
    this.#options.logger.info({ serialNumber, validTo, names: subjectAltName, clientCas }, 'new TLS files in use');
  }

  #fail(error: unknown): void {
    const said = error instanceof Error ? error.message : String(error);
    this.#loop.failed(error);
    if (said === this.#problem) return;
    this.#problem = said;
    this.#failures += 1;
    this.#options.logger.error({ err: error }, 'new TLS files cannot be used; those from before stay in use');
  }

  #warn(): void {
    const now = this.#options.clock.now();
    this.#expiry.look({ what: 'certificate', certificates: [this.#current.leaf], now });
    this.#expiry.look({ what: 'client CA', certificates: this.#current.clientAuthorities, now });
  }

  #schedule(): void {
    if (this.#isDisposed) return;
    this.#loop.does('waits', { nextInMs: lookEveryMs });
    this.#timer = this.#options.clock.schedule(lookEveryMs, () => void this.look(), { background: true });
  }
}

function toView(certificate: X509Certificate, now: number): HubTls['certificate'] {
  const end = certificate.validToDate;
  return {
    subject: toSubjectLine(certificate),
    names: certificate.subjectAltName ?? '',
    notAfter: end.toISOString(),
    daysLeft: Math.floor((end.getTime() - now) / dayMs),
  };
}

function isValid({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now < validToDate.getTime();
}
