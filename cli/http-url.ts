/** Where the HTTP API is of a hub whose address is one that agents dial: there is one port for everything. */
export function toHttpUrl(hubUrl: URL): URL {
  return new URL(hubUrl.href.replace(/^(?:ws|grpc)/, 'http'));
}

/** Which of several ways to a hub leads to its API. One for gRPC may pass nothing else. */
export function toApiUrl(hubUrls: readonly URL[]): URL | null {
  const url = hubUrls.find(({ protocol }) => !protocol.startsWith('grpc')) ?? hubUrls[0];
  return url === undefined ? null : toHttpUrl(url);
}
