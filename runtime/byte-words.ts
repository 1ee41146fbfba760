const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.4 GiB` */
export function toByteWords(bytes: number): string {
  let text = `${bytes} bytes`;
  let value = bytes;
  for (const unit of units) {
    if (value < 1024) break;
    value /= 1024;
    text = `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
  }
  return text;
}
