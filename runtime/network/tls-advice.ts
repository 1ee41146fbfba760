/** What may be done about TLS on our side: the ends of sentences, which name the keys that this process has for it. */
export interface TlsAdvice {
  /** Where a certificate of ours is wanted, or another one than ours. */
  readonly showCertificate: string;
  /** Where nobody knows the CA of the other side's certificate. */
  readonly unknownCa: string;
  /** Where the certificate of the other side is for another host. */
  readonly otherHost: string;
}

/** Of those who dial a hub. */
export const clientTlsAdvice: TlsAdvice = {
  showCertificate: 'name one that it accepts and its key: FARHAND_TLS_CERT and FARHAND_TLS_KEY',
  unknownCa: 'name the file with the certificate of that CA in FARHAND_TLS_CA',
  otherHost: 'use a name that it has, or FARHAND_TLS_SERVER_NAME',
};
