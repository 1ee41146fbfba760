// The page at /docs: it reads the hub's own description, and tries what it describes. Everything foreign becomes text, never markup.

const maxShown = 500_000;
/** Where the hub is: behind a proxy that may be below the root. Ends with a slash. */
const base = new URL('.', location.href);
const access = { token: '' };

document.getElementById('access').addEventListener('submit', (event) => {
  event.preventDefault();
  const field = document.getElementById('token');
  if (field.value.trim() !== '') access.token = field.value.trim();
  void connect();
});

async function connect() {
  say('Asking the hub…');
  try {
    const response = await fetch(new URL('api/v1/openapi.json', base), { headers: toHeaders({}) });
    const answer = await response.json();
    if (!response.ok) {
      say(answer.detail ?? `The hub answered ${response.status}`, 'bad');
      return;
    }
    document.getElementById('token').value = '';
    document.getElementById('token').placeholder = 'another token';
    document.getElementById('token').required = false;
    say('Connected', 'good');
    show(answer);
  } catch (error) {
    say(`No hub answers: ${error.message}`, 'bad');
  }
}

function say(text, kind = '') {
  const notice = document.getElementById('notice');
  notice.textContent = text;
  notice.className = kind;
}

function show(description) {
  document.getElementById('version').textContent = description.info.version;
  const contents = document.getElementById('contents');
  const main = document.getElementById('main');
  contents.replaceChildren();
  main.replaceChildren(element('div', { className: 'intro' }, ...toParagraphs(description.info.description)));
  for (const tag of description.tags) {
    const operations = operationsOf(description, tag.name);
    if (operations.length === 0) continue;
    contents.append(element('strong', {}, tag.name));
    main.append(element('h2', {}, tag.name), element('p', {}, tag.description));
    for (const operation of operations) {
      main.append(toCard(description, operation));
      contents.append(toLink(operation.operationId, operation.summary));
    }
  }
  contents.append(element('strong', {}, 'schemas'));
  main.append(element('h2', {}, 'schemas'), element('p', {}, 'What is sent and answered'));
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    main.append(toFoldable(`schema-${name}`, [element('code', {}, name)], () => [toSchemaText(schema)]));
    contents.append(toLink(`schema-${name}`, name));
  }
  openTarget();
}

function operationsOf(description, tag) {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
  );
}

function toLink(id, text) {
  return element('a', { href: `#${id}` }, text);
}

window.addEventListener('hashchange', openTarget);

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(target instanceof HTMLDetailsElement)) return;
  target.open = true;
  target.scrollIntoView();
}

/** Its inside is made when it is opened for the first time. */
function toFoldable(id, summary, make) {
  const inside = element('div', { className: 'inside' });
  const details = element('details', { id }, element('summary', {}, ...summary), inside);
  details.addEventListener('toggle', () => {
    if (details.open && inside.childElementCount === 0) inside.append(...make());
  });
  return details;
}

function toCard(description, operation) {
  const { method, path, summary, operationId } = operation;
  const head = [
    element('span', { className: `method ${method}` }, method),
    element('span', { className: 'path' }, path),
    element('span', { className: 'words' }, summary),
  ];
  return toFoldable(operationId, head, () => [
    ...toParagraphs(operation.description ?? ''),
    ...toTry(description, operation),
    ...toAnswers(operation),
  ]);
}

function toTry(description, operation) {
  const fields = (operation.parameters ?? []).map((parameter) => toField(resolve(description, parameter)));
  const body = toBodyField(description, operation);
  const curl = element('pre', {});
  const send = element('button', { type: 'submit', className: 'primary' }, `Send ${operation.method}`);
  const stop = element('button', { type: 'button', disabled: true }, 'Stop');
  const result = element('div', { ariaLive: 'polite' });
  const form = element(
    'form',
    {},
    ...(fields.length === 0 ? [] : [element('h3', {}, 'Parameters')]),
    ...fields.map(({ row }) => row),
    ...(body === null ? [] : [element('h3', {}, 'Body'), body]),
    element('div', { className: 'buttons' }, send, stop),
  );
  const read = () => toRequest(operation, fields, body);
  const refresh = () => curl.replaceChildren(toCurl(read()));
  form.addEventListener('input', refresh);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void perform(read(), { send, stop, result });
  });
  refresh();
  return [form, element('h3', {}, 'With curl'), curl, result];
}

function toField({ name, in: place, required = false, description = '', schema }) {
  const id = `field-${Math.random().toString(36).slice(2)}`;
  const input =
    schema.type === 'boolean'
      ? element('select', { id }, ...['', 'true', 'false'].map((text) => element('option', { value: text }, text)))
      : element('input', { id, required, spellcheck: false, placeholder: toHint(schema) });
  const label = element('label', { htmlFor: id }, name, required ? ' *' : '');
  const words = element(
    'span',
    { className: 'words' },
    ...toInline(`${description}${place === 'header' ? ' (header)' : ''}`),
  );
  const read = () => {
    const text = input.value.trim();
    if (text === '') return [];
    return schema.type === 'array' ? text.split(',').map((one) => one.trim()) : [text];
  };
  return { name, place, read, row: element('div', { className: 'field' }, label, input, words) };
}

function toHint({ type, default: value, minimum, maximum, format, examples = [] }) {
  if (examples.length > 0) return String(examples[0]);
  if (value !== undefined && value !== null) return String(value);
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  return type === 'array' ? 'one, another' : (format ?? '');
}

function toBodyField(description, { requestBody }) {
  if (requestBody === undefined) return null;
  const schema = resolve(description, requestBody.content['application/json'].schema);
  const example = requestBody.required ? (schema.examples?.[0] ?? {}) : {};
  return element('textarea', { value: JSON.stringify(example, null, 2), spellcheck: false, ariaLabel: 'Body' });
}

function toRequest({ method, path }, fields, body) {
  const at = (place) => fields.filter((field) => field.place === place);
  let url = path.replace(/^\//, base.pathname);
  for (const { name, read } of at('path')) url = url.replace(`{${name}}`, encodeURIComponent(read()[0] ?? `{${name}}`));
  const query = new URLSearchParams(at('query').flatMap(({ name, read }) => read().map((value) => [name, value])));
  const headers = Object.fromEntries(at('header').flatMap(({ name, read }) => read().map((value) => [name, value])));
  if (body !== null) headers['Content-Type'] = 'application/json';
  const text = query.toString();
  return { method, url: text === '' ? url : `${url}?${text}`, headers, body: body === null ? null : body.value };
}

function toCurl({ method, url, headers, body }) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = [
    `curl -sS${method === 'GET' ? 'N' : ` -X ${method}`} ${quote(location.origin + url)}`,
    `-H "Authorization: Bearer $FARHAND_TOKEN"`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`-d ${quote(body)}`]),
  ];
  return parts.join(' \\\n  ');
}

/** Sends, and shows what comes as it comes: a followed log or a stream of events goes on until it is stopped. */
async function perform({ method, url, headers, body }, { send, stop, result }) {
  const stopping = new AbortController();
  const status = element('h3', {}, 'Sending…');
  const head = element('pre', { hidden: true });
  const shown = element('pre', { hidden: true });
  stop.onclick = () => stopping.abort();
  stop.disabled = false;
  send.disabled = true;
  result.replaceChildren(status, head, shown);
  try {
    const began = performance.now();
    const response = await fetch(url, {
      method,
      headers: toHeaders(headers),
      body,
      cache: 'no-store',
      signal: stopping.signal,
    });
    const took = Math.round(performance.now() - began);
    status.textContent = `${response.status} ${response.statusText} · ${took} ms`;
    status.className = response.ok ? 'good' : 'bad';
    head.textContent = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    head.hidden = false;
    await showBody(response, shown);
  } catch (error) {
    if (stopping.signal.aborted) status.textContent += ' · stopped';
    else status.replaceChildren(`It broke off: ${error.message}`);
    if (!stopping.signal.aborted) status.className = 'bad';
  } finally {
    stop.disabled = true;
    send.disabled = false;
  }
}

async function showBody(response, shown) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text = (text + value).slice(-maxShown);
    shown.hidden = false;
    shown.textContent = text;
    shown.scrollTop = shown.scrollHeight;
  }
  if (!/json/.test(response.headers.get('content-type') ?? '')) return;
  try {
    shown.textContent = JSON.stringify(JSON.parse(text), null, 2);
    shown.scrollTop = 0;
  } catch {
    // Longer than what is shown: it stays as it came.
  }
}

function toHeaders(headers) {
  return { ...headers, ...(access.token === '' ? {} : { Authorization: `Bearer ${access.token}` }) };
}

function toAnswers({ responses }) {
  const rows = Object.entries(responses).map(([status, { description, content = {} }]) => {
    const [media, { schema, 'x-event-data': data }] = Object.entries(content)[0] ?? ['', {}];
    const name = (data ?? schema)?.$ref?.split('/').at(-1);
    const what = name === undefined ? media : toLink(`schema-${name}`, name);
    return element(
      'tr',
      {},
      element('td', { className: Number(status) < 400 ? 'good' : 'bad' }, status),
      element('td', {}, ...toInline(description)),
      element('td', {}, what),
    );
  });
  return [element('h3', {}, 'Answers'), element('table', {}, element('tbody', {}, ...rows))];
}

function toSchemaText(schema) {
  return element('pre', {}, ...linkNames(toTypeText(schema, '')));
}

/** `<Name>` in a type's text becomes a link to that schema. */
function linkNames(text) {
  return text.split(/<(\w+)>/).map((part, index) => (index % 2 === 1 ? toLink(`schema-${part}`, part) : part));
}

function toTypeText(schema, indent) {
  if (schema.$ref !== undefined) return `<${schema.$ref.split('/').at(-1)}>`;
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => toTypeText(one, indent)).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => toTypeText({ ...schema, type }, indent)).join(' | ');
  if (schema.type === 'array') return `[${toTypeText(schema.items ?? {}, indent)}, …]`;
  if (schema.type === 'object' && schema.properties !== undefined) {
    const inner = `${indent}  `;
    const lines = Object.entries(schema.properties).map(([name, value]) => {
      const mark = (schema.required ?? []).includes(name) ? '' : '?';
      const words = value.description === undefined ? '' : `  // ${value.description}`;
      return `${inner}${name}${mark}: ${toTypeText(value, inner)}${words}`;
    });
    return `{\n${lines.join('\n')}\n${indent}}`;
  }
  const limits = ['format', 'pattern', 'minimum', 'maximum', 'maxLength', 'default']
    .filter((key) => schema[key] !== undefined && schema[key] !== null)
    .map((key) => `${key} ${typeof schema[key] === 'string' ? schema[key] : JSON.stringify(schema[key])}`);
  return `${schema.type ?? 'anything'}${limits.length === 0 ? '' : ` (${limits.join(', ')})`}`;
}

function resolve(description, value) {
  if (value.$ref === undefined) return value;
  return value.$ref
    .slice(2)
    .split('/')
    .reduce((inner, key) => inner[key], description);
}

function toParagraphs(text) {
  return text
    .split('\n\n')
    .filter((part) => part !== '')
    .map((part) => element('p', {}, ...toInline(part)));
}

/** What stands between backticks is code. */
function toInline(text) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? element('code', {}, part) : part));
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
