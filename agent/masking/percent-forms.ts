/** What common encoders leave as it is, how they write a space, and their hexadecimal digits. */
const encoders: readonly { readonly safe: RegExp; readonly space: '%20' | '+'; readonly digits: 'upper' | 'lower' }[] =
  [
    // RFC 3986
    { safe: /[A-Za-z0-9\-._~]/, space: '%20', digits: 'upper' },
    { safe: /[A-Za-z0-9\-._~]/, space: '%20', digits: 'lower' },
    // The same in a query: Go, Python, .NET
    { safe: /[A-Za-z0-9\-._~]/, space: '+', digits: 'upper' },
    { safe: /[A-Za-z0-9\-._~]/, space: '+', digits: 'lower' },
    // JavaScript's encodeURIComponent
    { safe: /[A-Za-z0-9\-._~!'()*]/, space: '%20', digits: 'upper' },
    // Forms: browsers, Java, PHP
    { safe: /[A-Za-z0-9\-._*]/, space: '+', digits: 'upper' },
    // Paths: Python's quote, Jinja's urlencode
    { safe: /[A-Za-z0-9\-._~/]/, space: '%20', digits: 'upper' },
  ];

function toTable(encoder: (typeof encoders)[number]): readonly string[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    if (character === ' ') return encoder.space;
    if (encoder.safe.test(character)) return character;
    const digits = byte.toString(16).padStart(2, '0');
    return `%${encoder.digits === 'upper' ? digits.toUpperCase() : digits}`;
  });
}

const tables = encoders.map(toTable);

/** How a text looks in URLs and forms, by every encoder above. */
export function toPercentForms(text: string): string[] {
  const bytes = Buffer.from(text);
  return tables.map((table) => {
    let form = '';
    for (const byte of bytes) form += table[byte];
    return form;
  });
}
