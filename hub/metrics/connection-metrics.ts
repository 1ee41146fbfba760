import type { Strangers } from '../../runtime/listening/strangers.ts';
import type { Metric } from '../../runtime/metrics-text.ts';
import type { ConnectionRefusal } from '../listeners/connection-refusal.ts';
import type { TlsKeeper } from '../tls/tls-keeper.ts';
import { LabelledCounter } from './labelled-counter.ts';

type WatchedTls = Pick<TlsKeeper, 'current' | 'counts' | 'status' | 'signers'>;

/** Connections and what makes them secure, in numbers. */
export class ConnectionMetrics {
  readonly #refused = new LabelledCounter();
  #strangers: Pick<Strangers, 'count'> | null = null;
  #tls: WatchedTls | null = null;

  /** Where the numbers of TLS come from, if the hub speaks it. */
  watch(tls: WatchedTls): void {
    this.#tls = tls;
  }

  /** Where it is known how many there are of whom nobody knows who they are. */
  watchStrangers(strangers: Pick<Strangers, 'count'>): void {
    this.#strangers = strangers;
  }

  refused(reason: ConnectionRefusal): void {
    this.#refused.add({ reason });
  }

  toMetrics(): readonly Metric[] {
    return [
      {
        type: 'gauge',
        name: 'farhand_hub_strangers',
        help: 'Connections that are open and of which it is not known whose they are.',
        samples: this.#strangers === null ? [] : [{ value: this.#strangers.count }],
      },
      {
        type: 'counter',
        name: 'farhand_hub_connections_refused_total',
        help: 'Connections that came to nothing before it was known who asks, by why.',
        samples: this.#refused.toSamples(),
      },
      ...this.#tlsMetrics(),
    ];
  }

  #tlsMetrics(): readonly Metric[] {
    const tls = this.#tls;
    const ends =
      tls === null
        ? []
        : [
            { labels: { which: 'certificate' }, at: tls.current.leaf.validToDate },
            ...tls.current.clientAuthorities.map((ca) => ({ labels: { which: 'client-ca' }, at: ca.validToDate })),
          ];
    const soonest = Map.groupBy(ends, ({ labels }) => labels.which);
    return [
      {
        type: 'gauge',
        name: 'farhand_hub_tls_expiry_timestamp_seconds',
        help: 'When the certificate of the hub ends, and the first of the CAs for clients; Unix time.',
        samples: [...soonest].map(([which, all]) => ({
          labels: { which },
          value: Math.min(...all.map(({ at }) => at.getTime())) / 1000,
        })),
      },
      {
        type: 'gauge',
        name: 'farhand_hub_tls_files_unusable',
        help: '1 while the TLS files as they are cannot be used, and those from before are.',
        samples: tls === null ? [] : [{ value: tls.status().problem === null ? 0 : 1 }],
      },
      {
        type: 'counter',
        name: 'farhand_hub_client_certificates_total',
        help: 'Connections that were let in by a certificate, by the CA that signed it.',
        samples: [...(tls?.signers ?? [])].map(([ca, value]) => ({ labels: { ca }, value })),
      },
      {
        type: 'counter',
        name: 'farhand_hub_tls_reloads_total',
        help: 'Times that the TLS files had changed, by what came of it.',
        samples:
          tls === null
            ? []
            : [
                { labels: { outcome: 'used' }, value: tls.counts.changes },
                { labels: { outcome: 'unusable' }, value: tls.counts.failures },
              ],
      },
    ];
  }
}
