import { head } from './raw-client.ts';

const chunked = 'Transfer-Encoding: chunked';

/**
 * Requests whose end two readers may see in two places, by what is wrong with them. `request` are the first lines of each, the first of them
 * the line of the request; `smuggled` is what one who smuggles wants to be answered behind it.
 */
export function toSmuggling(
  request: readonly [string, ...string[]],
  smuggled: string,
): Readonly<Record<string, string>> {
  const [first] = request;
  return {
    'a length and chunks': `${head(...request, 'Content-Length: 5', chunked)}0\r\n\r\n${smuggled}`,
    'chunks and a length': `${head(...request, chunked, 'Content-Length: 5')}0\r\n\r\n${smuggled}`,
    'two lengths': `${head(...request, 'Content-Length: 0', 'Content-Length: 5')}${smuggled}`,
    'two lengths in one': `${head(...request, 'Content-Length: 0, 5')}${smuggled}`,
    'a length with a sign': `${head(...request, 'Content-Length: +0')}${smuggled}`,
    'a length in hexadecimal': `${head(...request, 'Content-Length: 0x0')}${smuggled}`,
    'a length that is no length': `${head(...request, 'Content-Length: 18446744073709551617')}${smuggled}`,
    'an unknown coding': `${head(...request, 'Transfer-Encoding: xchunked')}0\r\n\r\n${smuggled}`,
    'chunks that are not last': `${head(...request, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n${smuggled}`,
    'a space before the colon': `${head(...request, 'Transfer-Encoding : chunked')}0\r\n\r\n${smuggled}`,
    'a tab in the name': `${head(...request, 'Transfer-Encoding\t: chunked')}0\r\n\r\n${smuggled}`,
    'a name with NUL': `${head(...request, 'Transfer-Encoding\0: chunked')}0\r\n\r\n${smuggled}`,
    'a size of chunk that is none': `${head(...request, chunked)}0x0\r\n\r\n${smuggled}`,
    'a size of chunk beyond all numbers': `${head(...request, chunked)}ffffffffffffffff0\r\n\r\n${smuggled}`,
    'a negative size of chunk': `${head(...request, chunked)}-1\r\n\r\n${smuggled}`,
    'a chunk that ends with a bare LF': `${head(...request, chunked)}1\nx\n0\n\n${smuggled}`,
    'an extension of a chunk with a bare LF': `${head(...request, chunked)}2;\n00\r\n0\r\n\r\n${smuggled}`,
    'lines that end with a bare LF': `${first}\nHost: x\nContent-Length: 0\n\n${smuggled}`,
    'lines that end with a bare CR': `${first}\rHost: x\r\r${smuggled}`,
    'a bare CR in a header': `${head(...request, 'X-A: b\rContent-Length: 0')}${smuggled}`,
    'a name without an end': `${head(...request, 'Content-Length')}${smuggled}`,
    'no name': `${head(...request, ': 5')}${smuggled}`,
    'a line with a space before the first name': `${head(first, ' Host: x', 'Content-Length: 0')}${smuggled}`,
  };
}
