// Boxes of no column. Over and under the columns they stand in rows, and each row moves by a map of its own: words and
// openings keep their width and their order, and arrows pass where they passed.
const CORNER = 12, BESIDE = 10, HEADING = 13;
const zones = heights(document).map(zone => ({...zone, map: across}));
const isWithin = y => zones.some(zone => zone.top < y && y < zone.foot);
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
  return [{group: drawn[i], rims, frames, words, x, y, tall, from: x - half, to: x + half, left: x - half, right: x + half}];
});
const outside = new Map(loose.map(box => [+box.group.id.slice(1), box.y]));
const bars = loose.filter(bar => bar.to - bar.from > 500);
for (const bar of bars) bar.openings = openings.filter(({y, from, to}) => y === bar.y && bar.from < from && to < bar.to);
// Half the width of its words, estimated: where texts are too small to be read they are not laid out.
const breadth = part => part.getAttribute('width') / 2 || part.textContent.length * (part.classList.contains('t') ? 4 : 3.4);
const half = bar => bar.half ??= Math.max(...bar.words.map(breadth)) + 6;
const long = [...document.querySelectorAll('#far > .a')];
const far = [...document.querySelectorAll('#far > .note')];
// Gaps between columns in which a box stands, or an arrow runs up or down past both.
const between = new Set(loose.filter(box => isWithin(box.y)).map(box => columnBefore(box.x)));

// What keeps its width: a box and the room beside it, of a bar its ends, its words and its openings.
function rigid(box) {
  if (!bars.includes(box)) return [{from: box.from - BESIDE, to: box.to + BESIDE}];
  const ends = [{from: box.from - BESIDE, to: box.from + CORNER}, {from: box.to - CORNER, to: box.to + BESIDE}];
  return [...ends, {from: box.x - half(box), to: box.x + half(box)}, ...box.openings.map(opening => ({...opening}))];
}

// The rows of boxes and of headings over and under the columns, the zones of the columns among them from top to foot,
// where arrows cross their edges, the notes beside them and those of each height, and the curves of the arrows: worked out at the first fold.
const levels = [], floors = [], edges = [], signs = new Map(), lines = new Map(), ways = new Map();
function foundations() {
  for (const box of loose) if (!isWithin(box.y)) join(levels, box.y, box.tall, rigid(box));
  for (const note of document.querySelectorAll('#world .note')) {
    const [x, y, size] = ['x', 'y', 'font-size'].map(key => +note.getAttribute(key)), wide = note.textContent.length * size * 0.72;
    if (isWithin(y)) continue;
    const part = {from: x - wide / 2, to: x + wide / 2};
    if (size > HEADING) join(levels, y - size * 0.3, size * 0.62, [part]);
    else gather(lines, y, part) && signs.set(note, part);
  }
  for (const badge of document.querySelectorAll('.badge')) {
    const [x, y, wide, tall] = ['x', 'y', 'width', 'height'].map(key => +badge.getAttribute(key));
    const from = +badge.parentNode.dataset.x + x - BESIDE, part = {from, to: from + wide + 2 * BESIDE};
    if (isWithin(y)) continue;
    join(levels, y + tall / 2, tall / 2, [part]);
    signs.set(badge, part);
  }
  for (const parts of [...levels.map(level => level.parts), ...lines.values()]) parts.sort((a, b) => a.from + a.to - b.from - b.to);
  floors.push(...[...levels, ...zones].sort((a, b) => a.top - b.top));
  edges.push(...floors.flatMap(floor => [floor.top, floor.foot]));
  for (const path of long) {
    const {out} = curves(path);
    for (let k = 0; k + 7 < out.length; k += 6) {
      const [x, y, , , , , x1, y1] = out.slice(k, k + 8), c = columnBefore(x), steep = Math.abs(y1 - y) > Math.abs(x1 - x);
      if (steep && isWithin((y + y1) / 2) && c >= 0 && c === columnBefore(x1) && x > columns[c].right) between.add(c);
    }
  }
}

// Parts of a height join the row that they touch, or begin one.
function join(rows, y, tall, parts) {
  let level = rows.find(({top, foot}) => y - tall < foot && top < y + tall);
  if (!level) rows.push(level = {top: y - tall, foot: y + tall, parts: []});
  [level.top, level.foot] = [Math.min(level.top, y - tall), Math.max(level.foot, y + tall)];
  level.parts.push(...parts);
}

// Where columns stand, from top to foot: those of two networks one over the other stand apart.
function heights(part) {
  const spans = [];
  for (const {y, height} of part.querySelectorAll('.col .band')) join(spans, y.baseVal.value + height.baseVal.value / 2, height.baseVal.value / 2, []);
  return spans;
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
function along(parts, x) {
  const k = lastBefore(parts, x, part => part.from), before = parts[k], after = parts[k + 1];
  if (!before) return across(x) + after.left - across(after.from);
  if (x <= before.to) return before.left + x - before.from;
  return after ? mix(before.to, before.right, after.from, after.left, x) : across(x) + before.right - across(before.to);
}

const mix = (x0, y0, x1, y1, x) => y0 + (y1 - y0) * (x - x0) / (x1 - x0);

// Where a place of the unfolded picture is now.
function spot(x, y) {
  if (!bent) return x;
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
    const inside = edges.filter(y => low < y && y < high);
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
  const heights = out.map((_, k, all) => all[k + 1]);
  // An arrow ends a little beside its box: the end and its direction move with the box.
  for (const k of [0, 2]) if (outside.has(tail)) heights[k] = outside.get(tail);
  for (const k of [2, 4]) if (outside.has(head)) heights[out.length - k] = outside.get(head);
  const places = out.map((v, k) => k % 2 ? v : spot(v, heights[k])), xs = gone ? [] : places.filter((_, k) => k % 2 === 0);
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
  const x = +cut.dataset.x, line = across(x), [, ...words] = cut.children, sign = signs.get(words[0]);
  cut.setAttribute('transform', `translate(${(line - shift).toFixed(1)} 0)`);
  if (!sign) return;
  const aside = (sign.left + sign.right - sign.from - sign.to) / 2 - line + x;
  for (const part of words) part.setAttribute('transform', `translate(${aside.toFixed(1)} 0)`);
}

function stretch() {
  reach = [Infinity, -Infinity];
  for (const level of levels) {
    pack(level.parts, across);
    level.map = x => along(level.parts, x);
  }
  for (const tile of tiles) {
    const {x, y} = tile.dataset;
    tile.setAttribute('transform', `translate(${spot(+x, +y).toFixed(1)} ${y})`);
  }
  for (const box of loose) {
    [box.left, box.right] = [spot(box.from, box.y), spot(box.to, box.y)];
    const wide = box.right - box.left;
    for (const group of [box.group, ...box.rims]) group.setAttribute('transform', `translate(${((box.left + box.right) / 2).toFixed(1)} ${box.y})`);
    for (const [frame, deep] of box.frames) {
      frame.setAttribute('x', (deep - wide / 2).toFixed(1));
      frame.setAttribute('width', Math.max(wide - 2 * deep, 0).toFixed(1));
    }
  }
  for (const path of long) bend(path, 0);
  for (const [y, parts] of lines) pack(parts, x => spot(x, y));
  for (const note of far) shove(note, 0);
}
