/** Where the HTTP API is of a hub whose address is one that agents dial: there is one port for everything. */
export function toHttpUrl(hubUrl: URL): URL {
  return new URL(hubUrl.href.replace(/^(?:ws|grpc)/, 'http'));
}
