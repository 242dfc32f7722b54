// Folding time: a folded column becomes a strip, and all else moves by one map of x that never turns back.
const STRIP = 34, NEAR = 8;
const groups = columns.map((_, c) => at('c' + c)), gaps = columns.map((_, c) => at('g' + c));
const left = [], right = [], strips = new Map();
const shelf = make('g', {id: 'strips'});
at('world').append(shelf);

function lay() {
  let x = columns.length ? columns[0].left : 0;
  columns.forEach((column, c) => {
    left[c] = x;
    right[c] = x + (now.folded.has(c) ? STRIP : column.right - column.left);
    const gap = c + 1 < columns.length ? columns[c + 1].left - column.right : 0;
    x = right[c] + (now.folded.has(c) && now.folded.has(c + 1) && !between.has(c) ? Math.min(gap, NEAR) : gap);
  });
}

// The last of some parts, in order, that begins at x or before; -1 if there is none.
function lastBefore(parts, x, start = part => part) {
  let low = 0, high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start(parts[middle]) <= x) low = middle + 1; else high = middle;
  }
  return low - 1;
}
const columnBefore = x => lastBefore(columns, x, column => column.left);

// Where a place of the unfolded picture is now.
function across(x) {
  const c = columnBefore(x);
  if (c < 0) return x;
  const column = columns[c];
  if (x <= column.right) return left[c] + (x - column.left) * (right[c] - left[c]) / (column.right - column.left);
  if (c + 1 === columns.length) return right[c] + x - column.right;
  return right[c] + (x - column.right) * (left[c + 1] - right[c]) / (columns[c + 1].left - column.right);
}

// Arrows, notes and cuts between two columns, and arrows from a column to a bar near it.
function settle(c) {
  const shift = left[c] - columns[c].left;
  for (const part of gaps[c].children) {
    if (part.classList.contains('a')) bend(part, shift);
    else if (part.classList.contains('note')) {
      shove(part, shift);
      part.classList.toggle('gone', isWithin(+part.getAttribute('y')) && now.folded.has(c) && now.folded.has(c + 1));
    } else stand(part, shift);
  }
}

// A strip keeps the colours of its boxes, so that a folded stretch of time still shows where gradients vanish.
function strip(c) {
  const {title, short} = columns[c];
  const name = say('{0}, folded, {1} boxes', title, members[c].length);
  const group = make('g', {class: 'strip', 'data-c': c, role: 'treeitem', tabindex: -1, 'aria-expanded': false, 'aria-label': name});
  for (const {top, foot} of heights(groups[c].parentNode)) group.append(make('rect', {x: 0, y: top, width: STRIP, height: foot - top, rx: 8}),
    make('text', {transform: `translate(${STRIP / 2 + 5} ${foot - 8}) rotate(-90)`}, short));
  for (const [y, row] of storeys[c]) row.forEach((i, n) => {
    const wide = (STRIP - 12) / row.length;
    group.append(make('rect', {x: (6 + n * wide).toFixed(1), y: y - 7, width: Math.max(wide - 1, 1).toFixed(1), height: 14,
      rx: 2, fill: `var(--${shots[now.shot].boxes[i].fill})`, 'data-i': i}));
  });
  return group;
}

// Places are worked out for all columns, and given to those that are seen.
let version = 0, bent = false;
const placed = columns.map(() => 0);

function position(c) {
  if (placed[c] === version) return;
  placed[c] = version;
  const moved = `translate(${(left[c] - columns[c].left).toFixed(1)} 0)`, shut = now.folded.has(c);
  groups[c].setAttribute('transform', moved);
  gaps[c].setAttribute('transform', moved);
  groups[c].parentNode.classList.toggle('shut', shut);
  if (bent) settle(c);
  if (shut && !strips.has(c)) strips.set(c, shelf.appendChild(strip(c)));
  if (!shut) unstrip(c);
  if (shut) strips.get(c).setAttribute('transform', `translate(${left[c].toFixed(1)} 0)`);
}

function unstrip(c) {
  if (strips.has(c)) strips.get(c).remove();
  strips.delete(c);
}

function arrange() {
  bent ||= now.folded.size > 0;
  if (bent && !floors.length) foundations();
  lay();
  version++;
  if (bent) stretch();
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
