// The camera: wheel, drag and two fingers, level of detail, and columns outside of the window taken out of the picture.
const camera = {x: 0, y: 0, k: 1};
const size = {wide: 1, high: 1};
const LEAST_TEXT = 0.3, LEAST_ARROW = 0.06, LEAST = 0.1, LARGEST = 2, WIDE = 800, MOST = 6;
const world = at('world');
// Whether the view is a fitted one, which follows the window; `printing`: a sheet of paper is drawn instead.
let follows = null, printing = false;
let asked = false, flight = 0;
const laid = document.querySelectorAll('.slot:not(.off) > .col').length;
for (const side of sides) side.seen = [side.first, Math.min(side.end, laid) - 1];

function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; paint(); });
}

function paint() {
  if (printing) return;
  const {x, y, k} = camera;
  world.setAttribute('transform', `scale(${k}) translate(${-x} ${-y})`);
  svg.classList.toggle('plain', k < LEAST_TEXT);
  svg.classList.toggle('dust', k < LEAST_ARROW);
  cull(x, x + size.wide / k);
  hold(x, x + size.wide / k);
  overlook();
}

// Columns stand in order, so what is seen is a range, and only its ends change.
function cull(x0, x1) {
  const margin = 160;
  for (const side of sides) {
    const first = lastBefore(x0 - margin, side, c => right[c]) + 1, last = lastBefore(x1 + margin, side, c => left[c]);
    for (let c = Math.max(first - 1, side.first); c <= last; c++) { refresh(c); position(c); }
    range(side, groups, side.seen[0], side.seen[1], first, last);
    range(side, gaps, side.seen[0] - 1, side.seen[1], first - 1, last);
    side.seen = [first, last];
  }
}

function range(side, parts, from, to, first, last) {
  for (let c = Math.max(Math.min(from, first), side.first); c <= Math.max(to, last); c++) {
    const was = c >= from && c <= to, is = c >= first && c <= last;
    if (was === is) continue;
    parts[c].parentNode.classList.toggle('off', !is);
    if (!is && strips.has(c)) { unstrip(c); placed[c] = -1; }
  }
}

// The words of a bar stand in the middle of what is seen of it, or beside its openings as near to it as they can.
function hold(x0, x1) {
  for (const bar of bars) {
    const a = Math.max(bar.left, x0), b = Math.min(bar.right, x1), middle = b - a > 60 ? (a + b) / 2 : spot(bar.x, bar.y);
    const aside = beside(bar, middle) - (bar.left + bar.right) / 2;
    for (const part of bar.words) part.setAttribute('transform', `translate(${aside.toFixed(1)} 0)`);
  }
}

// The place of a bar's words that is nearest to a place, within the bar and on no opening.
function beside(bar, x) {
  const edges = [bar.left, ...bar.openings.flatMap(({from, to}) => [spot(from, bar.y), spot(to, bar.y)]), bar.right];
  let best = spot(bar.x, bar.y), least = Infinity;
  for (let k = 0; k < edges.length; k += 2) {
    const low = edges[k] + halfOf(bar) - 4, high = edges[k + 1] - halfOf(bar) + 4, near = Math.min(Math.max(x, low), high);
    if (low <= high && Math.abs(near - x) < least) [best, least] = [near, Math.abs(near - x)];
  }
  return best;
}

function all() {
  if (!bent) return extent;
  const [x0, y0, x1, y1] = extent, [left, right] = ends(side => side.spread);
  const [first, last] = ends(side => side.spreadBefore);
  return [Math.min(x0 + left - first, reach[0]), y0, Math.max(x1 + right - last, reach[1]), y1];
}

// First view: all of it; of many steps that would be dust, which the ribbon shows whole, the height, from the first on.
function fit(whole, at_once) {
  const [x0, y0, x1, y1] = all(), pad = Math.min(24, size.wide / 40, size.high / 12);
  const high = (size.high - 2 * pad) / (y1 - y0), most = Math.max(LARGEST, size.wide / WIDE);
  const both = Math.min((size.wide - 2 * pad) / (x1 - x0), high, most);
  const k = whole || ribbon.hidden || both >= LEAST ? both : Math.min(Math.max(high, 0.42), 1);
  const loose = x1 - x0 < (size.wide - pad) / k;
  fly(loose ? (x0 + x1 - size.wide / k) / 2 : x0 - pad / k, (y0 + y1 - size.high / k) / 2, k, at_once);
  follows = {whole};
}

// The reader moved it.
function moved() {
  follows = null;
  flight++;
  redraw();
}

function zoom(by, px = size.wide / 2, py = size.high / 2) {
  // Further out than this a wide picture is only dust; the ribbon shows it whole.
  const [x0, y0, x1, y1] = all(), least = Math.max(0.8 * Math.min(size.wide / (x1 - x0), size.high / (y1 - y0)), 0.08);
  const k = Math.min(Math.max(camera.k * by, Math.min(least, camera.k)), MOST);
  camera.x += px / camera.k - px / k;
  camera.y += py / camera.k - py / k;
  camera.k = k;
  moved();
}

const still = matchMedia('(prefers-reduced-motion: reduce)');

// To a new place in a few frames, so that the eye can follow.
function fly(x, y, k = camera.k, at_once = false) {
  follows = null;
  const from = {...camera}, mine = ++flight, far = Math.abs(x - camera.x) > 3 * size.wide / camera.k;
  const frames = at_once || still.matches || far || !stage.dataset.ready ? 1 : 9;
  const step = n => {
    if (mine !== flight) return;
    const p = 1 - (1 - n / frames) ** 3, q = from.k * (k / from.k) ** p;
    Object.assign(camera, {x: from.x + (x - from.x) * p, y: from.y + (y - from.y) * p, k: q});
    paint();
    if (n < frames) requestAnimationFrame(() => step(n + 1));
  };
  step(1);
}

// Bring a place well into the window, large enough to read; what can be seen stays where it is.
function reveal(x, y) {
  const [x0, y0, x1, y1] = all();
  if (camera.x <= x0 && camera.y <= y0 && x1 <= camera.x + size.wide / camera.k && y1 <= camera.y + size.high / camera.k) return;
  const k = Math.max(camera.k, Math.min(0.5, size.high / 400)), wide = size.wide / k, high = size.high / k, edge = 70 / k;
  const inside = x > camera.x + edge && x < camera.x + wide - edge && y > camera.y + edge / 2 && y < camera.y + high - edge / 2;
  if (inside && k === camera.k) return;
  const fits = y1 - y0 <= high + 1;
  fly(x - wide / 2, fits ? (y0 + y1 - high) / 2 : y - high / 2, k);
}

function measure() {
  const corner = svg.getBoundingClientRect();
  [size.wide, size.high] = [corner.width || 1, corner.height || 1];
}

stage.addEventListener('wheel', event => {
  event.preventDefault();
  const corner = svg.getBoundingClientRect(), lines = event.deltaMode === 1 ? 30 : 1;
  const by = Math.exp(-Math.max(-160, Math.min(160, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.002));
  zoom(by, event.clientX - corner.left, event.clientY - corner.top);
}, {passive: false});

// One finger or the mouse moves it, two fingers also zoom about their middle.
const fingers = new Map(), drag = {on: false, moved: false};
function grip() {
  const spots = [...fingers.values()], [a, b = a] = spots;
  return {x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) || 1};
}
stage.addEventListener('pointerdown', event => {
  if (event.button !== 0 || fingers.size > 1) return;
  if (!fingers.size) drag.moved = false;
  fingers.set(event.pointerId, {x: event.clientX, y: event.clientY});
  drag.on = true;
});
window.addEventListener('pointermove', event => {
  const was = fingers.get(event.pointerId);
  if (!was || (!drag.moved && fingers.size < 2 && Math.hypot(event.clientX - was.x, event.clientY - was.y) < 5)) return;
  const before = grip(), corner = svg.getBoundingClientRect();
  fingers.set(event.pointerId, {x: event.clientX, y: event.clientY});
  const after = grip();
  drag.moved = true;
  svg.classList.add('dragged');
  camera.x -= (after.x - before.x) / camera.k;
  camera.y -= (after.y - before.y) / camera.k;
  if (fingers.size > 1) zoom(after.apart / before.apart, after.x - corner.left, after.y - corner.top);
  else moved();
});
for (const end of ['pointerup', 'pointercancel']) window.addEventListener(end, event => {
  fingers.delete(event.pointerId);
  drag.on = fingers.size > 0;
  if (!drag.on) svg.classList.remove('dragged');
});

// A fitted view stays fitted when the window changes; of any other the middle stays.
function resized() {
  if (printing) return;
  const before = {...size};
  measure();
  weave();
  if (follows) return fit(follows.whole, true);
  camera.x += (before.wide - size.wide) / 2 / camera.k;
  camera.y += (before.high - size.high) / 2 / camera.k;
  redraw();
}
new ResizeObserver(resized).observe(stage);

// On paper is all of it, as far as it is unfolded.
window.addEventListener('beforeprint', () => {
  printing = true;
  const [x0, y0, x1, y1] = all();
  svg.setAttribute('viewBox', `${x0 - 4} ${y0 - 4} ${x1 - x0 + 8} ${y1 - y0 + 8}`);
  stage.parentNode.style.minHeight = `min(30vh, ${100 * (y1 - y0 + 8) / (x1 - x0 + 8)}vw)`;
  svg.classList.remove('plain', 'dust');
  world.removeAttribute('transform');
  cull(-Infinity, Infinity);
  hold(-Infinity, Infinity);
});
window.addEventListener('afterprint', () => {
  printing = false;
  svg.removeAttribute('viewBox');
  stage.parentNode.style.minHeight = '';
  resized();
  paint();
});
