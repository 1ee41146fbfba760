/** Request headers that routes look at, as OpenAPI parameters. */
export const requestHeaders = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Makes it safe to send the request again: the same key with the same body answers the same job.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The id of the last event that was seen: what came after it is sent first. `0` is the beginning.',
    schema: { type: 'string', pattern: '^(?:[\\w-]{22}|\\d{0,15})$' },
  },
  Range: {
    name: 'Range',
    in: 'header',
    description: 'One range of bytes: `bytes=5-9`, `bytes=5-` or `bytes=-5`. For logs that are not followed.',
    schema: { type: 'string', examples: ['bytes=-1000'] },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'The ETag of what was looked at: when it was changed by somebody since, nothing is done (412).',
    schema: { type: 'string' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'An ETag of an earlier answer: when the answer is still the same it is not sent again (304).',
    schema: { type: 'string' },
  },
  Traceparent: {
    name: 'traceparent',
    in: 'header',
    description:
      'W3C trace context: the trace that the job is to be part of. Its program gets it as `TRACEPARENT`. One that cannot be read is ignored, and a trace is begun.',
    schema: { type: 'string', examples: ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'] },
  },
  Tracestate: {
    name: 'tracestate',
    in: 'header',
    description: 'W3C trace context, beside a `traceparent`. Its program gets it as `TRACESTATE`.',
    schema: { type: 'string' },
  },
  FarhandProof: {
    name: 'Farhand-Proof',
    in: 'header',
    required: true,
    description:
      'Base64 of an Ed25519 signature by the key of the body over the lines `farhand-enrol-v1`, the public key and the name.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9+/]{86}==$' },
  },
} as const;

export type RequestHeader = keyof typeof requestHeaders;

/** Headers of answers. */
export const responseHeaders = {
  Location: { description: 'Where the new thing is', schema: { type: 'string', format: 'uri-reference' } },
  ETag: { description: 'Names this state of it', schema: { type: 'string' } },
  'Content-Range': { description: 'Which bytes these are, and of how many', schema: { type: 'string' } },
  'Accept-Ranges': { description: 'That ranges can be asked for', schema: { type: 'string', const: 'bytes' } },
  'Retry-After': { description: 'Seconds to wait before it is asked again', schema: { type: 'integer' } },
  'WWW-Authenticate': { description: 'How to show who asks', schema: { type: 'string' } },
} as const;

export type ResponseHeader = keyof typeof responseHeaders;
