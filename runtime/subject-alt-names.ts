/** One of the names that a certificate is for. `kind` as OpenSSL says it: `DNS`, `IP Address`, `URI` … */
export interface SubjectAltName {
  readonly kind: string;
  readonly value: string;
}

/**
 * Takes apart what Node has as `subjectAltName`: `DNS:a.example.org, IP Address:192.0.2.1`. It writes a value that has a comma or a quote in it as a
 * JSON string, so that no value looks like two (CVE-2021-44532).
 */
export function readSubjectAltNames(text: string | undefined): readonly SubjectAltName[] {
  const matches = (text ?? '').matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g);
  return [...matches].map(([, kind = '', value = '']) => ({
    kind,
    value: value.startsWith('"') ? (JSON.parse(value) as string) : value,
  }));
}
