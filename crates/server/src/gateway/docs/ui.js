// What every part of the page is made with: texts in two languages, elements, code blocks.

const TEXTS = {
  documentation: ['接口文档', 'API reference'],
  menu: ['目录', 'Contents'],
  filter: ['筛选接口', 'Filter interfaces'],
  nothingFound: ['没有匹配的接口', 'No interface matches'],
  otherLanguage: ['English', '中文'],
  theme: ['切换浅色或深色', 'Switch between light and dark'],
  loadFailed: ['接口文档加载失败', 'The API description could not be loaded'],

  overview: ['概览', 'Overview'],
  permissionSet: ['拥有此API的权限集', 'Permission set'],
  requestHeader: ['请求头', 'Request header'],
  rateLimit: ['频率限制', 'Rate limit'],
  parameters: ['请求参数', 'Request parameters'],
  requestExample: ['请求示例', 'Request example'],
  response: ['返回参数', 'Response parameters'],
  responseExample: ['返回示例', 'Response example'],
  samples: ['代码示例', 'Code samples'],
  name: ['参数名', 'Name'],
  required: ['必选', 'Required'],
  type: ['类型', 'Type'],
  description: ['说明', 'Description'],
  yes: ['是', 'yes'],
  no: ['否', 'no'],
  values: ['个取值', 'values'],

  returnCodes: ['返回码', 'Return codes'],
  returnCodesLead: [
    '判断结果请以 code 为准，msg 仅供阅读。',
    'Decide by code; msg is for reading only.',
  ],
  code: ['返回码', 'Code'],
  meaning: ['含义', 'Meaning'],

  debug: ['在线调试工具', 'Try it'],
  requestPane: ['请求', 'Request'],
  responsePane: ['响应', 'Response'],
  notSent: ['不传', 'not sent'],
  emptyNotSent: ['留空的参数不会发送。', 'Empty fields are not sent.'],
  rawBody: ['编辑 JSON', 'Edit JSON'],
  body: ['请求体', 'Request body'],
  send: ['发送请求', 'Send'],
  sending: ['发送中…', 'Sending…'],
  copyCurl: ['复制为 curl', 'Copy as curl'],
  noResponse: ['发送请求后，响应显示在这里。', 'Send a request and the answer appears here.'],
  notReached: ['未能连接服务器', 'The server could not be reached'],
  unknownCode: ['未知返回码', 'unknown code'],
  copy: ['复制', 'Copy'],
  copied: ['已复制', 'Copied'],
  copyFailed: ['复制失败', 'Copy failed'],

  tokenPlaceholder: ['粘贴或点击右侧获取', 'Paste, or get one'],
  getToken: ['获取', 'Get'],
  useSession: ['使用我的登录', 'Use my session'],
  shop: ['店铺', 'Shop'],
  console: ['控制台', 'Console'],
  tokenTitle: ['获取 access_token', 'Get an access_token'],
  tokenLead: [
    '密钥只用于本次请求，不会保存；access_token 保存到标签页关闭为止。',
    'The secret is used for this request only and never stored; the access_token is kept until this tab is closed.',
  ],
  cancel: ['取消', 'Cancel'],
};

export let language = localStorage.getItem('tousu.language') === 'en' ? 'en' : 'zh';

export function switchLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('tousu.language', language);
}

/** A text of this page. */
export const t = (key) => TEXTS[key][language === 'zh' ? 0 : 1];

/** A text of the document, `{ zh, en }`. */
export const pick = (text) => text[language] || text.zh || text.en || '';

/** An element. Children that are strings become text, never markup; null and false are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Text in which `backquotes` mark code. */
export const prose = (text) =>
  text.split('`').map((part, index) => (index % 2 ? el('code', {}, part) : part));

/** A button that copies what `text()` gives, and says so. */
export function copyButton(text, label = 'copy') {
  const say = async (button) => {
    const done = await navigator.clipboard.writeText(text()).then(() => true, () => false);
    button.textContent = t(done ? 'copied' : 'copyFailed');
    setTimeout(() => (button.textContent = t(label)), 1500);
  };
  const onclick = (event) => say(event.currentTarget);
  return el('button', { type: 'button', class: 'quiet copy', 'aria-live': 'polite', onclick }, t(label));
}

// One pattern for JSON and for all sample languages: good enough to read by, with no parser to keep.
const TOKENS = new RegExp(
  [
    /(?<string>"""[^]*?"""|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)/,
    /(?<number>(?<![\w.])-?\d+(?:\.\d+)?\b)/,
    /(?<word>\b(?:import|from|package|func|defer|if|raise|const|await|throw|new|public|static|void|class|var|throws|true|false|null|nil|None|True|False|err)\b)/,
  ].map((part) => part.source).join('|'),
  'g',
);
// Colouring makes an element per token; beyond this length plain text keeps the page quick.
const COLOURED = 200_000;

function* coloured(code) {
  let end = 0;
  for (const match of code.matchAll(TOKENS)) {
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
    const after = match.index + match[0].length;
    const key = kind === 'string' && code[after] === ':';
    yield code.slice(end, match.index);
    yield el('span', { class: key ? 'key' : kind }, match[0]);
    end = after;
  }
  yield code.slice(end);
}

/** A block of code with a copy button. */
export function codeBlock(code, attributes = {}) {
  const content = code.length > COLOURED ? [code] : [...coloured(code)];
  // The block scrolls sideways, so the keyboard must be able to reach it.
  const block = el('pre', { tabindex: 0, ...attributes }, el('code', {}, content));
  return el('div', { class: 'block' }, block, copyButton(() => code));
}

export const pretty = (value) => JSON.stringify(value, null, 2);

/** Tabs over `[{ label, panel() }]`, with the arrow keys; the choice is remembered as `name`. */
export function tabs(name, items) {
  const panel = el('div', { role: 'tabpanel', id: `${name}-panel` });
  const select = (chosen) => {
    buttons.forEach((button, index) => {
      button.setAttribute('aria-selected', index === chosen);
      button.tabIndex = index === chosen ? 0 : -1;
    });
    panel.setAttribute('aria-labelledby', buttons[chosen].id);
    panel.replaceChildren(items[chosen].panel());
    localStorage.setItem(`docs.${name}`, items[chosen].label);
  };
  const buttons = items.map(({ label }, index) =>
    el('button', {
      type: 'button', role: 'tab', id: `${name}-${index}`, 'aria-controls': panel.id,
      onclick: () => select(index),
      onkeydown: ({ key }) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
        if (!step) return;
        const next = (index + step + items.length) % items.length;
        select(next);
        buttons[next].focus();
      },
    }, label));
  const remembered = localStorage.getItem(`docs.${name}`);
  select(Math.max(0, items.findIndex(({ label }) => label === remembered)));
  return el('div', { class: 'tabs' }, el('div', { role: 'tablist' }, buttons), panel);
}
