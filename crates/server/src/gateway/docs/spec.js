// Reads the OpenAPI document into the plain shapes that the pages show. A text is `{ zh, en }`.

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
// A type may contain itself; nobody reads deeper than this.
const DEPTH = 6;

export async function load() {
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return read(await response.json());
}

function read(document) {
  const [zh, en] = (document.info.description ?? '').split('\n\n');
  return {
    title: document.info.title,
    version: document.info.version,
    description: { zh, en },
    returnCodes: document['x-return-codes'] ?? [],
    operations: Object.entries(document.paths).flatMap(([path, item]) =>
      // What only browsers GET is nothing to call.
      METHODS.filter((method) => item[method] && !item[method]['x-page'])
        .map((method) => operation(document, path, method, item[method]))),
  };
}

function operation(document, path, method, source) {
  const body = source.requestBody?.content['application/json'];
  const answer = source.responses['200'].content['application/json'];
  const queryFields = (source.parameters ?? [])
    .map((parameter) => field(document, parameter.name, parameter.schema, parameter.required));
  return {
    id: source.operationId,
    method: method.toUpperCase(),
    path,
    title: { zh: source.summary, en: source['x-title-en'] },
    permissionSet: source['x-permission-set'],
    rateLimit: source['x-rate-limit'],
    hasBody: Boolean(body),
    parameters: body ? fields(document, body.schema) : queryFields,
    requestExample: source['x-example-request'] ?? body?.example ?? {},
    responseTables: responseTables(document, answer.schema),
    responseExample: answer.example,
  };
}

/** The schema with references followed; of alternatives the first that is not null. */
function resolve(document, schema) {
  const { $ref, anyOf, oneOf, ...own } = schema;
  const target = $ref
    ? $ref.slice(2).split('/').reduce((node, key) => node[key], document)
    : (anyOf ?? oneOf)?.find(({ type }) => type !== 'null');
  return target ? { ...resolve(document, target), ...own } : own;
}

function fields(document, schema) {
  const { properties = {}, required = [] } = resolve(document, schema);
  return Object.entries(properties)
    .map(([name, property]) => field(document, name, property, required.includes(name)));
}

function field(document, name, property, required) {
  const schema = resolve(document, property);
  const codes = schema['x-codes'] ?? [];
  const types = [schema.type ?? 'any'].flat().filter((type) => type !== 'null');
  return {
    name,
    types,
    type: typeName(document, schema, types[0]),
    required: Boolean(required),
    codes,
    text: { zh: withoutCodes(schema.title ?? '', codes), en: schema.description },
    hint: schema.default ?? schema.example,
    example: schema.example,
    schema,
  };
}

function typeName(document, schema, type) {
  if (type === 'integer') return 'int';
  const { type: item } = type === 'array' ? resolve(document, schema.items ?? {}) : {};
  return item && item !== 'object' ? `${item}[]` : type;
}

/** A title without the codes which it spells out, where they are shown as a table of their own. */
function withoutCodes(title, codes) {
  return codes
    .reduce((text, { code, zh }) => text.replace(`${code}=${zh}`, '').replace(`${code} ${zh}`, ''), title)
    .replace(/[:：][,，]*(?=[(（]|$)/, '')
    .replace(/([:：])[,，]+/, '$1');
}

/**
 * The rows of an answer: objects are written out with their path, and every list of objects has a
 * table of its own, as the published pages have it.
 */
function responseTables(document, schema) {
  const tables = [];
  const addTable = (path, text, schema) => {
    const rows = [];
    const lists = [];
    const walk = (prefix, object) => {
      // What nests goes last: code and msg stand before data.
      const [plain, nested] = partition(fields(document, object), ({ schema }) => !schema.properties);
      for (const row of plain) {
        rows.push({ ...row, name: prefix + row.name });
        const items = resolve(document, row.schema.items ?? {});
        if (items.properties) lists.push([path + prefix + row.name, row.text, items]);
      }
      for (const { name, schema } of nested) {
        if (prefix.split('.').length < DEPTH) walk(`${prefix}${name}.`, schema);
      }
    };
    walk('', schema);
    tables.push({ path, text, rows });
    for (const [path, text, items] of lists) {
      if (path.split('.').length < DEPTH) addTable(`${path}.`, text, items);
    }
  };
  addTable('', {}, schema);
  return tables;
}

const partition = (items, test) => [items.filter(test), items.filter((item) => !test(item))];
