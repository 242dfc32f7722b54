// Folding time: a folded column becomes a strip, and all else moves by one map of x that never turns back.
const STRIP = 34, NEAR = 8;
const groups = columns.map((_, c) => at('c' + c)), gaps = columns.map((_, c) => at('g' + c));
const left = [], right = [], strips = new Map(), ways = new Map();
const shelf = make('g', {id: 'strips'});
at('world').append(shelf);
const settled = gaps.map(() => 'false false');

function lay() {
  let x = columns.length ? columns[0].left : 0;
  columns.forEach((column, c) => {
    left[c] = x;
    right[c] = x + (now.folded.has(c) ? STRIP : column.right - column.left);
    const gap = c + 1 < columns.length ? columns[c + 1].left - column.right : 0;
    x = right[c] + (now.folded.has(c) && now.folded.has(c + 1) ? Math.min(gap, NEAR) : gap);
  });
}

function columnBefore(x) {
  let low = 0, high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns[middle].left <= x) low = middle + 1; else high = middle;
  }
  return low - 1;
}

// Where a place of the unfolded picture is now.
function across(x) {
  const c = columnBefore(x);
  if (c < 0) return x;
  const column = columns[c];
  if (x <= column.right) return left[c] + (x - column.left) * (right[c] - left[c]) / (column.right - column.left);
  if (c + 1 === columns.length) return right[c] + x - column.right;
  return right[c] + (x - column.right) * (left[c + 1] - right[c]) / (columns[c + 1].left - column.right);
}

function bend(path, shift) {
  if (!ways.has(path)) ways.set(path, path.getAttribute('d').match(/-?\d+(\.\d+)?/g).map(Number));
  const way = ways.get(path).map((v, i) => (i % 2 ? v : across(v) - shift).toFixed(1));
  path.setAttribute('d', `M${way[0]} ${way[1]}C${way.slice(2).join(' ')}`);
}

// Arrows, notes and cuts between two columns of which one is folded.
function settle(c) {
  const key = `${now.folded.has(c)} ${now.folded.has(c + 1)}`;
  if (key === settled[c]) return;
  settled[c] = key;
  const shift = left[c] - columns[c].left;
  for (const part of gaps[c].children) {
    if (part.classList.contains('a')) {
      const [tail, head] = arrows[part.id.slice(1)];
      part.classList.toggle('gone', hidden(tail) && hidden(head));
      bend(part, shift);
    } else {
      const note = part.classList.contains('note'), x = +(note ? part.getAttribute('x') : part.dataset.x);
      part.setAttribute('transform', `translate(${(across(x) - shift - (note ? x : 0)).toFixed(1)} 0)`);
    }
  }
}

// Boxes of no column: `from` and `to` are their edges in the unfolded picture, `left` and `right` those now.
const loose = boxes.flatMap((box, i) => {
  if (box.column >= 0) return [];
  const ground = drawn[i].querySelector('[stroke]'), twice = drawn[i].querySelector('.twice');
  const texts = [...drawn[i].querySelectorAll('text, .chip')];
  const [, x, y] = drawn[i].getAttribute('transform').match(/\((\S+) (\S+)\)/), half = ground.getAttribute('width') / 2;
  return [{group: drawn[i], ground, twice, texts, y, from: +x - half, to: +x + half, left: +x - half, right: +x + half}];
});
const bars = loose.filter(bar => bar.to - bar.from > 500);
const tiles = [...document.querySelectorAll('#loose > .tile')];
const long = [...document.querySelectorAll('#far > .a')];

function stretch() {
  for (const box of loose) {
    [box.left, box.right] = [across(box.from), across(box.to)];
    if (!bars.includes(box)) {  // only what spans columns narrows with them: texts have to stay in their boxes
      const middle = across((box.from + box.to) / 2), half = (box.to - box.from) / 2;
      [box.left, box.right] = [middle - half, middle + half];
    }
    const wide = box.right - box.left;
    box.group.setAttribute('transform', `translate(${((box.left + box.right) / 2).toFixed(1)} ${box.y})`);
    box.ground.setAttribute('x', (-wide / 2).toFixed(1));
    box.ground.setAttribute('width', wide.toFixed(1));
    if (!box.twice) continue;
    box.twice.setAttribute('x', (3 - wide / 2).toFixed(1));
    box.twice.setAttribute('width', Math.max(wide - 6, 0).toFixed(1));
  }
  for (const path of long) {
    const [tail, head] = arrows[path.id.slice(1)];
    path.classList.toggle('gone', hidden(tail) && hidden(head));
    bend(path, 0);
  }
  for (const tile of tiles) {
    tile.setAttribute('transform', `translate(${across(+tile.dataset.x).toFixed(1)} ${tile.dataset.y})`);
  }
}

// A strip keeps the colours of its boxes, so that a folded stretch of time still shows where gradients vanish.
function strip(c) {
  const {top, foot, title, short} = columns[c], high = foot - top;
  const name = say('{0}, folded, {1} boxes', title, members[c].length);
  const group = make('g', {class: 'strip', 'data-c': c, role: 'treeitem', tabindex: -1, 'aria-expanded': false, 'aria-label': name});
  group.append(make('rect', {x: 0, y: top, width: STRIP, height: high, rx: 8}));
  const rows = new Map();
  for (const i of members[c]) {
    const y = +drawn[i].getAttribute('transform').match(/ ([^)]+)\)/)[1];
    rows.set(y, [...(rows.get(y) || []), i]);
  }
  for (const [y, row] of rows) row.forEach((i, n) => {
    const wide = (STRIP - 12) / row.length;
    group.append(make('rect', {x: (6 + n * wide).toFixed(1), y: y - 7, width: Math.max(wide - 1, 1).toFixed(1), height: 14,
      rx: 2, fill: `var(--${shots[now.shot].boxes[i].fill})`, 'data-i': i}));
  });
  const y = foot - 8;
  group.append(make('text', {transform: `translate(${STRIP / 2 + 5} ${y}) rotate(-90)`}, short));
  return group;
}

// Places are worked out for all columns, and given to those that are seen.
let version = 0;
const placed = columns.map(() => 0);

function position(c) {
  if (placed[c] === version) return;
  placed[c] = version;
  const moved = `translate(${(left[c] - columns[c].left).toFixed(1)} 0)`, shut = now.folded.has(c);
  groups[c].setAttribute('transform', moved);
  gaps[c].setAttribute('transform', moved);
  groups[c].parentNode.classList.toggle('shut', shut);
  settle(c);
  if (shut && !strips.has(c)) strips.set(c, shelf.appendChild(strip(c)));
  if (!shut) unstrip(c);
  if (shut) strips.get(c).setAttribute('transform', `translate(${left[c].toFixed(1)} 0)`);
}

function unstrip(c) {
  if (strips.has(c)) strips.get(c).remove();
  strips.delete(c);
}

function arrange() {
  lay();
  version++;
  stretch();
}

// Fold or unfold columns; what is held, a place of the unfolded picture, stays where it is on the screen.
function fold(which, shut, held) {
  const before = held === undefined ? 0 : across(held);
  for (const c of which) if (shut) now.folded.add(c); else now.folded.delete(c);
  arrange();
  if (held !== undefined) camera.x += across(held) - before;
  moved();
}

function turn(c) {
  fold([c], !now.folded.has(c), columns[c].left);
  paint();
  if (now.folded.has(c)) strips.get(c).focus({preventScroll: true});
}
