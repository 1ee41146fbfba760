import type { ConfigFormat } from './config-key.ts';

/** Where a server listens. Port 0 lets the system choose. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export const text: ConfigFormat<string> = {
  expected: 'text',
  placeholder: 'text',
  fromText: (value) => value,
};

export const folder: ConfigFormat<string> = {
  expected: 'the path of a folder',
  placeholder: 'folder',
  fromText: (path) => path,
};

export const file: ConfigFormat<string> = {
  expected: 'the path of a file',
  placeholder: 'file',
  fromText: (path) => path,
};

export const listenAddress: ConfigFormat<ListenAddress> = {
  expected: 'host:port, such as 127.0.0.1:7400 or [::1]:0',
  placeholder: 'host:port',
  fromText(value) {
    const matched = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(value);
    const host = matched?.[1] ?? matched?.[2];
    const port = Number(matched?.[3]);
    return host === undefined || !(port <= 65_535) ? undefined : { host, port };
  },
};

export const yesOrNo: ConfigFormat<boolean> = {
  expected: 'true or false',
  placeholder: null,
  schema: { type: 'boolean' },
  fromText(value) {
    if (/^(true|yes|1)$/i.test(value)) return true;
    return /^(false|no|0)$/i.test(value) ? false : undefined;
  },
};

/** Whole numbers within bounds, both included. */
export function wholeNumber(bounds: { readonly from: number; readonly to: number }): ConfigFormat<number> {
  return {
    expected: `a whole number from ${bounds.from} to ${bounds.to}`,
    placeholder: 'number',
    schema: { type: 'integer', minimum: bounds.from, maximum: bounds.to },
    fromText: (value) => within(bounds, /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN),
  };
}

/** Seconds, with a fraction if need be. */
export function seconds(bounds: { readonly from: number; readonly to: number }): ConfigFormat<number> {
  return {
    ...decimalNumber(bounds),
    expected: `seconds, a number from ${bounds.from} to ${bounds.to}`,
    placeholder: 'seconds',
  };
}

/** Numbers within bounds, with a fraction if need be. */
export function decimalNumber(bounds: { readonly from: number; readonly to: number }): ConfigFormat<number> {
  return {
    expected: `a number from ${bounds.from} to ${bounds.to}`,
    placeholder: 'number',
    schema: { type: 'number', minimum: bounds.from, maximum: bounds.to },
    fromText: (value) => within(bounds, /^\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN),
  };
}

export const percent: ConfigFormat<number> = {
  expected: 'a whole number of percent from 1 to 100',
  placeholder: 'percent',
  schema: { type: 'integer', minimum: 1, maximum: 100 },
  fromText: (value) => within({ from: 1, to: 100 }, /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN),
};

/** A number, or no bound: `forever`, which is Infinity. */
export function orForever(format: ConfigFormat<number>): ConfigFormat<number> {
  return orBoundless(format, 'forever');
}

/** A number, or what is not reached: `never`, which is Infinity. */
export function orNever(format: ConfigFormat<number>): ConfigFormat<number> {
  return orBoundless(format, 'never');
}

function orBoundless(format: ConfigFormat<number>, word: string): ConfigFormat<number> {
  return {
    expected: `${format.expected}, or ${word}`,
    placeholder: `${format.placeholder}|${word}`,
    schema: { anyOf: [format.schema ?? { type: 'string' }, { const: word }] },
    fromText: (value) => (value.toLowerCase() === word ? Number.POSITIVE_INFINITY : format.fromText(value)),
  };
}

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): ConfigFormat<Choice> {
  return {
    expected: `one of ${choices.join(', ')}`,
    placeholder: choices.join('|'),
    schema: { enum: choices },
    fromText: (value) => choices.find((choice) => choice === value),
  };
}

/** A URL with one of the schemes and a host, without user, query and fragment. */
export function url(schemes: readonly string[]): ConfigFormat<URL> {
  return {
    expected: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(', ')}, without user, query and fragment`,
    placeholder: 'url',
    schema: { type: 'string', pattern: `^(${schemes.join('|')})://[^/]` },
    fromText(value) {
      const parsed = URL.canParse(value) ? new URL(value) : undefined;
      if (parsed === undefined || !schemes.includes(parsed.protocol.slice(0, -1)) || parsed.hostname === '')
        return undefined;
      return parsed.username === '' && parsed.search === '' && parsed.hash === '' ? parsed : undefined;
    },
  };
}

/** One value or several, separated by commas; each once. `many` ends the sentence "expected …". */
export function listOf<T>(format: ConfigFormat<T>, many: string): ConfigFormat<readonly T[]> {
  const toEntries = (text: string) => text.split(',').map((entry) => entry.trim());
  return {
    expected: many,
    placeholder: `${format.placeholder}[,${format.placeholder}…]`,
    toEntries,
    fromText(text) {
      const entries = toEntries(text);
      const values = entries.flatMap((entry) => format.fromText(entry) ?? []);
      return values.length === entries.length && new Set(entries).size === entries.length ? values : undefined;
    },
  };
}

const byteUnits: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes, also as `512M` or `20GiB` (always powers of 1024). */
export const byteCount: ConfigFormat<number> = {
  expected: 'bytes, such as 1073741824, 512M or 20GiB',
  placeholder: 'bytes',
  schema: {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^[0-9]{1,15} *[kKmMgGtT]?([iI]?[bB])?$' },
    ],
  },
  fromText(value) {
    const matched = /^(\d{1,15})\s*([kmgt]?)(?:i?b)?$/i.exec(value);
    const unit = byteUnits[matched?.[2]?.toLowerCase() ?? '?'];
    const bytes = Number(matched?.[1]) * (unit ?? Number.NaN);
    return Number.isSafeInteger(bytes) ? bytes : undefined;
  },
};

function within({ from, to }: { readonly from: number; readonly to: number }, value: number): number | undefined {
  return value >= from && value <= to ? value : undefined;
}
