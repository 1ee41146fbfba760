/** An IPv4 address that came as IPv6 (`::ffff:192.0.2.1`) is the same address; a zone (`%eth0`) is none of it. */
export function toBareAddress(address: string): string {
  return address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
}
