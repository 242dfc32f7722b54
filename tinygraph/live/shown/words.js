// What the page says, in English or Chinese, and how its elements are made.
const data = JSON.parse(document.getElementById('data').textContent);
const net = network(data);
const at = (id) => document.getElementById(id);
let lang = (/^\?lang=(en|zh)$/.exec(location.search) || [])[1] || data.lang;
const say = (words, ...parts) =>
    ((lang === 'zh' && data.zh[words]) || words).replace(/{(\d)}/g, (_, k) => parts[k]);

const SVG = 'http://www.w3.org/2000/svg';
const DRAWN = new Set(['svg', 'g', 'rect', 'text', 'path', 'line', 'circle', 'title']);
function make(name, attributes = {}, words = '') {
    const element = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (words !== '') element.textContent = words;
    return element;
}

// A number with so many digits as a reader can use.
function number(x, digits = 3) {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '−∞';
    if (x === 0) return '0';
    const size = Math.abs(x);
    const text = size >= 1e-3 && size < 1e5 ? Number(x.toPrecision(digits)).toString() : x.toExponential(digits - 2);
    return text.replace('-', '−').replace('e-', 'e−').replace('e+', 'e');
}

const tokenOf = (id) => (data.tokens ? data.tokens[id] ?? '�' : String(id));
const seen = (token) => ({ ' ': '␣', '\n': '↵', '\t': '⇥' })[token] ?? token;

function words() {
    document.documentElement.lang = lang;
    for (const part of document.querySelectorAll('[data-say]')) part.textContent = say(part.dataset.say);
    for (const part of document.querySelectorAll('[data-title]')) part.title = say(part.dataset.title);
    for (const part of document.querySelectorAll('[data-label]')) part.setAttribute('aria-label', say(part.dataset.label));
    at('title').textContent = data.title;
    const count = data.weights.reduce((sum, w) => sum + w.shape.reduce((a, b) => a * b, 1), 0);
    const states = data.states.map((s) => `${s.name} ${s.size}`).join(', ');
    at('subtitle').textContent = say('state {0} · {1} parameters · computed in this page by tinygraph', states, count);
    at('lang').textContent = lang === 'zh' ? 'English' : '中文';
    at('lang').lang = lang === 'zh' ? 'en' : 'zh';
    at('lines').textContent = data.equations;
    at('equations').hidden = !data.equations;
    at('picture').setAttribute('aria-label', say('the unrolled network: arrows move, Enter sets a unit of a state to zero'));
}
