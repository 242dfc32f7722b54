// What is known and what is shown now; everything else reads and changes it.
const data = JSON.parse(document.getElementById('data').textContent);
const at = id => document.getElementById(id);
const svg = at('picture'), stage = at('stage');
const {boxes, arrows, columns, rules, shots, extent, border} = data;
const drawn = boxes.map((_, i) => at('n' + i));
// A text of ours in the language of the page; {0}, {1} stand for its parts.
const say = (words, ...parts) => (data.words[words] ?? words).replace(/{(\d)}/g, (_, k) => parts[k]);
// Whether there is no mouse: what is pointed at is tapped.
const touch = matchMedia('(hover: none)');
const now = {box: null, way: 1, shot: shots.length - 1, folded: new Set()};

// Of each box the numbers of the arrows at it.
const touching = boxes.map(() => []);
arrows.forEach(([tail, head], i) => {
  touching[tail].push(i);
  if (head !== tail) touching[head].push(i);
});
const members = columns.map(() => []);
boxes.forEach((box, i) => { if (box.column >= 0) members[box.column].push(i); });
const gather = (map, key, part) => map.set(key, [...(map.get(key) || []), part]);

// Where a part stands in the unfolded picture.
const spotOf = part => part.getAttribute('transform').match(/\((\S+) (\S+)\)/).slice(1).map(Number);

// Of each column its boxes by the heights at which they stand.
const storeys = members.map(part => part.reduce((rows, i) => gather(rows, spotOf(drawn[i])[1], i), new Map()));

// Of two networks, at both sides of a border, each has its columns, in order, and its own map of x.
const sides = [0, 1].map(side => ({first: columns.filter(c => c.side < side).length, end: columns.filter(c => c.side <= side).length}));
const sideOf = (x, y) => sides[x > border[0] || y > border[1] ? 1 : 0];
const sideOfColumn = c => sides[columns[c].side];
for (const side of sides) {
  const own = columns.slice(side.first, side.end);
  Object.assign(side, {own, top: Math.min(...own.map(c => c.top)), foot: Math.max(...own.map(c => c.foot))});
}

const hidden = i => now.folded.has(boxes[i].column);

function make(name, attributes = {}, words = '') {
  const space = {svg: 1, g: 1, rect: 1, text: 1}[name] ? 'http://www.w3.org/2000/svg' : null;
  const found = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const key in attributes) found.setAttribute(key, attributes[key]);
  if (words !== '') found.textContent = words;
  return found;
}
