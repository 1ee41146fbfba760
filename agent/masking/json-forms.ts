function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** How a text looks inside a JSON string: as little escaped as may be, ASCII only (Python), safe in HTML (Go), and with `\/` (PHP). */
export function toJsonForms(text: string): string[] {
  const least = JSON.stringify(text).slice(1, -1);
  const ascii = least.replace(/[^\0-\x7f]/g, escapeUnit);
  const html = least.replace(/[<>&\u2028\u2029]/g, escapeUnit);
  return [least, ascii, html, least.replaceAll('/', '\\/'), ascii.replaceAll('/', '\\/')];
}
