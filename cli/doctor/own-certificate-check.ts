import type { Outlet } from '../../runtime/network/outlet.ts';
import { type Check, type Found, fault, ok, warning } from './check.ts';

const dayMs = 86_400_000;

/** The certificate that is shown to a hub that asks for one, where there is one. */
export function createOwnCertificateChecks(outlet: Outlet): readonly Check[] {
  const { certificate } = outlet;
  if (certificate === null) return [];
  return [{ name: 'client cert', about: 'machine', look: async () => judge(certificate, Date.now()) }];
}

function judge({ file, subject, notAfter }: NonNullable<Outlet['certificate']>, now: number): Found {
  const day = new Date(notAfter).toISOString().slice(0, 10);
  const remedy = `Get a new one, and put it into ${file} with its key into FARHAND_TLS_KEY: a running agent takes it up by itself`;
  if (notAfter < now) return fault(`the certificate in ${file} expired on ${day}`, remedy);
  if (notAfter - now < 14 * dayMs) return warning(`the certificate in ${file} expires on ${day}`, remedy);
  return ok(`${subject}, valid until ${day}`);
}
