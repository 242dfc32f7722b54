// Folding time: a folded column becomes a strip, and all else of its network moves by one map of x that never turns back.
const STRIP = 34, NEAR = 8;
const groups = columns.map((_, c) => at('c' + c)), gaps = columns.map((_, c) => at('g' + c));
const left = [], right = [], strips = new Map();
const shelf = make('g', {id: 'strips'});
at('world').append(shelf);

function lay(side, shift) {
  side.shift = shift;
  let x = side.own.length ? side.own[0].left + shift : 0;
  side.own.forEach((column, k) => {
    const c = side.first + k, gap = c + 1 < side.end ? columns[c + 1].left - column.right : 0;
    left[c] = x;
    right[c] = x + (now.folded.has(c) ? STRIP : column.right - column.left);
    x = right[c] + (now.folded.has(c) && now.folded.has(c + 1) && !between.has(c) ? Math.min(gap, NEAR) : gap);
  });
}

// Of the numbers from `first` on and before `end`, in order, the last whose part begins at x or before; else the one before them.
function lastBefore(x, {first, end}, start) {
  let low = first, high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start(middle) <= x) low = middle + 1; else high = middle;
  }
  return low - 1;
}
const columnBefore = (x, side) => lastBefore(x, side, c => columns[c].left);

// Where a place of the unfolded picture is now, on one side of it.
function across(x, side) {
  const c = columnBefore(x, side);
  if (c < side.first) return x + side.shift;
  const column = columns[c];
  if (x <= column.right) return left[c] + (x - column.left) * (right[c] - left[c]) / (column.right - column.left);
  if (c + 1 === side.end) return right[c] + x - column.right;
  return right[c] + (x - column.right) * (left[c + 1] - right[c]) / (columns[c + 1].left - column.right);
}

// Arrows, notes and cuts between two columns, and arrows from a column to a bar near it.
function settle(c) {
  const shift = left[c] - columns[c].left;
  for (const part of gaps[c].children) {
    if (part.classList.contains('a')) bend(part, shift);
    else if (part.classList.contains('note')) {
      shove(part, shift);
      part.classList.toggle('gone', isWithin(+part.getAttribute('y'), sideOfColumn(c)) && now.folded.has(c) && now.folded.has(c + 1));
    } else stand(part, shift);
  }
}

// A strip keeps the colours of its boxes, so that a folded stretch of time still shows where gradients vanish.
function strip(c) {
  const {title, short, top, foot} = columns[c];
  const name = say('{0}, folded, {1} boxes', title, members[c].length);
  const group = make('g', {class: 'strip', 'data-c': c, role: 'treeitem', tabindex: -1, 'aria-expanded': false, 'aria-label': name});
  group.append(make('rect', {x: 0, y: top, width: STRIP, height: foot - top, rx: 8}),
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
  if (!bent && now.folded.size) foundations();
  bent ||= now.folded.size > 0;
  version++;
  const [a, b] = sides;
  settleSide(a, 0);
  settleSide(b, 0);
  // What stands at the right of another network keeps its distance from it.
  if (bent && border[0] < 1e9) settleSide(b, a.spread[1] - a.spreadBefore[1] + b.spreadBefore[0] - b.spread[0]);
  if (bent) stretch();
}

// Two networks of the same steps fold together.
const half = sides[0].end, alike = half === sides[1].own.length && sides[1].own.every((c, k) => c.short === columns[k].short);
const twins = c => alike ? [c % half, c % half + half] : [c];

// Fold or unfold columns; one that is held stays where it is on the screen.
function fold(which, shut, held) {
  const before = held === undefined ? 0 : left[held];
  for (const c of [...which].flatMap(twins)) if (shut) now.folded.add(c); else now.folded.delete(c);
  arrange();
  if (held !== undefined) camera.x += left[held] - before;
  moved();
}

function turn(c) {
  fold([c], !now.folded.has(c), c);
  paint();
  if (now.folded.has(c)) strips.get(c).focus({preventScroll: true});
}
