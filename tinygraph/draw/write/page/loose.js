// Boxes of no column. Over and under the columns they stand in rows, and each row moves by a map of its own: words and
// openings keep their width and their order, and arrows pass where they passed.
const CORNER = 12, BESIDE = 10, HEADING = 13;
const isWithin = (y, side) => side.top < y && y < side.foot;
const tiles = [...document.querySelectorAll('#loose > .tile')];
const openings = tiles.filter(tile => tile.querySelector('.opening')).map(tile => {
  const x = +tile.dataset.x, half = tile.firstElementChild.getAttribute('width') / 2;
  return {y: +tile.dataset.y, from: x - half, to: x + half};
});

// `from` and `to` are the edges in the unfolded picture, `left` and `right` those now.
const loose = boxes.flatMap((box, i) => {
  if (box.column >= 0) return [];
  const words = [...drawn[i].querySelectorAll('text, rect:not([stroke])')];
  const [x, y] = spotOf(drawn[i]);
  // Its outline, and the frames in and around it that narrow with it, by how far in they are.
  const rims = tiles.filter(tile => +tile.dataset.x === x && +tile.dataset.y === y && !tile.querySelector('.opening'));
  const outlines = [drawn[i], ...rims].flatMap(group => [...group.querySelectorAll('rect[stroke]')]);
  const [half, tall] = ['width', 'height'].map(side => outlines[0].getAttribute(side) / 2);
  const frames = outlines.map(frame => [frame, half - frame.getAttribute('width') / 2]);
  return [{group: drawn[i], side: sideOf(x, y), rims, frames, words, x, y, tall, from: x - half, to: x + half, left: x - half, right: x + half}];
});
const outside = new Map(loose.map(box => [+box.group.id.slice(1), box]));
function sideOfArrow(path) {
  const [tail] = arrows[path.id.slice(1)];
  return outside.has(tail) ? outside.get(tail).side : sideOfColumn(boxes[tail].column);
}
const bars = loose.filter(bar => bar.to - bar.from > 500);
for (const bar of bars) bar.openings = openings.filter(({y, from, to}) => y === bar.y && bar.from < from && to < bar.to);
// Half the width of its words, estimated: where texts are too small to be read they are not laid out.
const breadth = part => part.getAttribute('width') / 2 || part.textContent.length * (part.classList.contains('t') ? 4 : 3.4);
const halfOf = bar => bar.half ??= Math.max(...bar.words.map(breadth)) + 6;
const long = [...document.querySelectorAll('#far > .a')];
const far = [...document.querySelectorAll('#far > .note')];
// Gaps between columns in which a box stands, or an arrow runs up or down past both.
const between = new Set(loose.filter(box => isWithin(box.y, box.side)).map(box => columnBefore(box.x, box.side)));

// What keeps its width: a box and the room beside it, of a bar its ends, its words and its openings.
function rigid(box) {
  if (!bars.includes(box)) return [{from: box.from - BESIDE, to: box.to + BESIDE}];
  const ends = [{from: box.from - BESIDE, to: box.from + CORNER}, {from: box.to - CORNER, to: box.to + BESIDE}];
  return [...ends, {from: box.x - halfOf(box), to: box.x + halfOf(box)}, ...box.openings.map(opening => ({...opening}))];
}

// Of each side the rows of boxes and of headings over and under the columns (`levels`), these and the zone of the columns
// from top to foot (`floors`), where arrows cross their edges, the notes of each height (`lines`); the parts of rows that
// hold a note or a badge, and the curves of the arrows: worked out at the first fold.
const signs = new Map(), ways = new Map();
for (const side of sides) Object.assign(side, {levels: [], lines: new Map(), edges: []});
function foundations() {
  for (const box of loose) if (!isWithin(box.y, box.side)) join(box.side.levels, box.y, box.tall, rigid(box));
  for (const note of document.querySelectorAll('#world .note')) {
    const [x, y, size] = ['x', 'y', 'font-size'].map(key => +note.getAttribute(key)), wide = note.textContent.length * size * 0.72;
    const part = {from: x - wide / 2, to: x + wide / 2}, side = sideOf(x, y);
    if (isWithin(y, side)) continue;
    if (size > HEADING) join(side.levels, y - size * 0.3, size * 0.62, [part]);
    else gather(side.lines, y, part) && signs.set(note, part);
  }
  for (const badge of document.querySelectorAll('.badge')) {
    const [x, y, wide, tall] = ['x', 'y', 'width', 'height'].map(key => +badge.getAttribute(key));
    const from = +badge.parentNode.dataset.x + x - BESIDE, part = {from, to: from + wide + 2 * BESIDE}, side = sideOf(from, y);
    if (isWithin(y, side)) continue;
    join(side.levels, y + tall / 2, tall / 2, [part]);
    signs.set(badge, part);
  }
  for (const side of sides) {
    const {own, levels, lines, top, foot} = side, zone = {top, foot, map: x => across(x, side)};
    for (const level of levels) level.map = x => along(level.parts, x, side);
    side.floors = [...levels, ...own.length ? [zone] : []].sort((a, b) => a.top - b.top);
    side.edges = side.floors.flatMap(floor => [floor.top, floor.foot]);
    side.parts = [...levels.map(level => level.parts), ...lines.values()];
    for (const parts of side.parts) parts.sort((a, b) => a.from + a.to - b.from - b.to);
    const places = [...own.flatMap(c => [c.left, c.right]), ...side.parts.flat().flatMap(part => [part.from, part.to])];
    side.spreadBefore = [Math.min(...places), Math.max(...places)];
  }
  for (const path of long) {
    const {out} = curves(path), side = sideOfArrow(path);
    for (let k = 0; k + 7 < out.length; k += 6) {
      const [x, y, , , , , x1, y1] = out.slice(k, k + 8), c = columnBefore(x, side), steep = Math.abs(y1 - y) > Math.abs(x1 - x);
      if (steep && isWithin((y + y1) / 2, side) && c >= side.first && c === columnBefore(x1, side) && x > columns[c].right) between.add(c);
    }
  }
}

// Lays the columns of a side, and packs the rows over and under them.
function settleSide(side, shift) {
  lay(side, shift);
  if (!bent) return;
  for (const {parts} of side.levels) pack(parts, x => across(x, side));
  for (const [y, parts] of side.lines) pack(parts, x => spot(x, y, side));
  const places = [...left.slice(side.first, side.end), ...right.slice(side.first, side.end), ...side.parts.flat().flatMap(part => [part.left, part.right])];
  side.spread = [Math.min(...places), Math.max(...places)];
}

// From where to where all networks reach, now or unfolded.
const ends = spread => [Math.min(...sides.map(side => spread(side)[0])), Math.max(...sides.map(side => spread(side)[1]))];

// Parts of a height join the row that they touch, or begin one.
function join(rows, y, tall, parts) {
  let level = rows.find(({top, foot}) => y - tall < foot && top < y + tall);
  if (!level) rows.push(level = {top: y - tall, foot: y + tall, parts: []});
  [level.top, level.foot] = [Math.min(level.top, y - tall), Math.max(level.foot, y + tall)];
  level.parts.push(...parts);
}

// Moves the parts of a row to where a map brings their middles, and those that would lie on one another apart: as
// little as can be, by the squares of the ways (the pool of adjacent violators of a regression that never falls).
function pack(parts, moved) {
  const pools = [];
  let offset = 0;
  parts.forEach((part, k) => {
    const before = parts[k - 1];
    if (before) offset += (before.to - before.from + part.to - part.from) / 2 + Math.min(part.from - before.to, NEAR);
    part.offset = offset;
    let pool = {sum: moved((part.from + part.to) / 2) - offset, parts: [part]};
    while (pools.length && pools.at(-1).sum / pools.at(-1).parts.length > pool.sum / pool.parts.length) {
      const last = pools.pop();
      pool = {sum: last.sum + pool.sum, parts: [...last.parts, ...pool.parts]};
    }
    pools.push(pool);
  });
  for (const {sum, parts} of pools) for (const part of parts) {
    const half = (part.to - part.from) / 2, middle = sum / parts.length + part.offset;
    [part.left, part.right] = [middle - half, middle + half];
  }
}

// The map of a row: within its parts, between two of them, and beyond the first and the last.
function along(parts, x, side) {
  const k = lastBefore(x, {first: 0, end: parts.length}, k => parts[k].from), before = parts[k], after = parts[k + 1];
  if (!before) return across(x, side) + after.left - across(after.from, side);
  if (x <= before.to) return before.left + x - before.from;
  return after ? mix(before.to, before.right, after.from, after.left, x) : across(x, side) + before.right - across(before.to, side);
}

const mix = (x0, y0, x1, y1, x) => y0 + (y1 - y0) * (x - x0) / (x1 - x0);

// Where a place of the unfolded picture is now.
function spot(x, y, side = sideOf(x, y)) {
  if (!bent) return x;
  const {floors} = side;
  if (!floors.length) return x + side.shift;
  const next = floors.findIndex(floor => y <= floor.foot), under = floors[next], over = floors[next - 1];
  if (!under) return floors.at(-1).map(x);
  return y >= under.top || !over ? under.map(x) : mix(over.foot, over.map(x), under.top, under.map(x), y);
}

// The curves of an arrow, cut where it enters and leaves a row.
function curves(path) {
  if (ways.has(path)) return ways.get(path);
  const d = path.getAttribute('d'), way = d.match(/-?\d+(\.\d+)?/g).map(Number), out = way.slice(0, 2);
  for (let k = 0; k + 7 < way.length; k += 6) {
    let rest = way.slice(k, k + 8);
    const low = Math.min(rest[1], rest[7]) + 0.1, high = Math.max(rest[1], rest[7]) - 0.1;
    const inside = sideOfArrow(path).edges.filter(y => low < y && y < high);
    for (const y of rest[1] < rest[7] ? inside : inside.reverse()) {
      const [first, second] = halves(rest, y);
      out.push(...first.slice(2));
      rest = second;
    }
    out.push(...rest.slice(2));
  }
  ways.set(path, {d, out});
  return ways.get(path);
}

// A curve in two, cut at a height (de Casteljau).
function halves(curve, y) {
  let low = 0, high = 1, parts = [];
  const down = curve[1] < curve[7];
  for (let k = 0; k < 20; k++) {
    const t = (low + high) / 2;
    parts = casteljau(curve, t);
    if ((parts[0][7] < y) === down) low = t; else high = t;
  }
  return parts;
}

function casteljau(curve, t) {
  const ahead = [], back = [];
  for (let row = curve; row.length; row = row.slice(2).map((v, k) => row[k] + (v - row[k]) * t)) {
    ahead.push(row[0], row[1]);
    back.unshift(row.at(-2), row.at(-1));
  }
  return [ahead, back];
}

// From where to where arrows reach.
let reach = [Infinity, -Infinity];
function bend(path, shift) {
  const [tail, head] = arrows[path.id.slice(1)];
  const gone = path.classList.toggle('gone', hidden(tail) && hidden(head));
  const {d, out} = curves(path);
  if (!now.folded.size) return path.setAttribute('d', d);
  const side = sideOfArrow(path), heights = out.map((_, k, all) => all[k + 1]);
  // An arrow ends a little beside its box: the end and its direction move with the box.
  for (const k of [0, 2]) if (outside.has(tail)) heights[k] = outside.get(tail).y;
  for (const k of [2, 4]) if (outside.has(head)) heights[out.length - k] = outside.get(head).y;
  const places = out.map((v, k) => k % 2 ? v : spot(v, heights[k], side)), xs = gone ? [] : places.filter((_, k) => k % 2 === 0);
  reach = [Math.min(reach[0], ...xs), Math.max(reach[1], ...xs)];
  const way = places.map((v, k) => (k % 2 ? v : v - shift).toFixed(1));
  path.setAttribute('d', `M${way[0]} ${way[1]}C${way.slice(2).join(' ')}`);
}

// Moves a note with what is beside it, and apart from its neighbours.
function shove(note, shift) {
  const x = +note.getAttribute('x'), sign = signs.get(note);
  const place = sign ? (sign.left + sign.right) / 2 : spot(x, +note.getAttribute('y'));
  note.setAttribute('transform', `translate(${(place - shift - x).toFixed(1)} 0)`);
}

// A cut stands between its columns, and its badge in the row of what stands beside it.
function stand(cut, shift) {
  const x = +cut.dataset.x, line = across(x, sideOf(x, +cut.dataset.y)), [, ...words] = cut.children, sign = signs.get(words[0]);
  cut.setAttribute('transform', `translate(${(line - shift).toFixed(1)} 0)`);
  if (!sign) return;
  const aside = (sign.left + sign.right - sign.from - sign.to) / 2 - line + x;
  for (const part of words) part.setAttribute('transform', `translate(${aside.toFixed(1)} 0)`);
}

function stretch() {
  reach = [Infinity, -Infinity];
  for (const tile of tiles) {
    const {x, y} = tile.dataset;
    tile.setAttribute('transform', `translate(${spot(+x, +y).toFixed(1)} ${y})`);
  }
  for (const box of loose) {
    [box.left, box.right] = [spot(box.from, box.y, box.side), spot(box.to, box.y, box.side)];
    const wide = box.right - box.left;
    for (const group of [box.group, ...box.rims]) group.setAttribute('transform', `translate(${((box.left + box.right) / 2).toFixed(1)} ${box.y})`);
    for (const [frame, deep] of box.frames) {
      frame.setAttribute('x', (deep - wide / 2).toFixed(1));
      frame.setAttribute('width', Math.max(wide - 2 * deep, 0).toFixed(1));
    }
  }
  for (const path of long) bend(path, 0);
  for (const note of far) shove(note, 0);
}
