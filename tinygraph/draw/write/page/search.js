// Search: boxes whose name, op or scope holds the words; Enter goes to the next.
const field = at('search'), found = at('found');
const texts = boxes.map(box => [box.title, box.name, box.op, box.scope].filter(Boolean).join(' ').toLowerCase());
let hits = [], turnOf = -1;

function search() {
  const words = field.value.trim().toLowerCase();
  for (const i of hits) drawn[i].classList.remove('hit');
  hits = words ? [...texts.keys()].filter(i => texts[i].includes(words)) : [];
  for (const i of hits) drawn[i].classList.add('hit');
  turnOf = -1;
  svg.classList.toggle('searching', words !== '');
  found.textContent = !words ? '' : hits.length ? say('{0} found', hits.length) : say('nothing found');
}

function jump(way) {
  if (!hits.length) return;
  turnOf = (turnOf + way + hits.length) % hits.length;
  const i = hits[turnOf];
  if (hidden(i)) fold([boxes[i].column], false, boxes[i].column);
  choose(i);
  field.focus({preventScroll: true});
  found.textContent = say('{0} of {1}', turnOf + 1, hits.length);
}

// Pointing at a parameter, in the table or on its chip, lights all boxes that use it.
function lightUses(which) {
  document.querySelectorAll('.b.used').forEach(box => box.classList.remove('used'));
  for (const i of which) drawn[i].classList.add('used');
  svg.classList.toggle('using', which.length > 0);
}
const rows = [...document.querySelectorAll('#uses tbody tr')];
// Of each word on a chip the boxes that hold it; a name may be cut, or be its last part alone.
const chips = new Map();
const wordOf = chip => chip.textContent.replace(/\[.*|\.T$/g, '');
for (const chip of document.querySelectorAll('.b .gold')) {
  const word = wordOf(chip);
  if (!chips.has(word)) chips.set(word, []);
  chips.get(word).push(+chip.closest('.b').id.slice(1));
}
const shows = (word, name) => name === word || name.endsWith(`.${word}`) || (word.endsWith('…') && name.startsWith(word.slice(0, -1)));
const titles = [...document.querySelectorAll('#world .note')].filter(note => +note.getAttribute('font-size') > HEADING);

// The boxes of a row; if it is of one of two networks, its name ends in the title of this one.
function usersOf(row) {
  const [name, network] = row.cells[0].textContent.split(' · '), title = titles.find(note => note.textContent === network);
  const side = title && sideOf(+title.getAttribute('x'), +title.getAttribute('y'));
  const all = [...chips].flatMap(([word, which]) => shows(word, name) ? which : []);
  return side ? all.filter(i => sideOf(...spotOf(drawn[i])) === side) : all;
}
const users = rows.map(usersOf);
rows.forEach((row, k) => {
  for (const kind of ['pointerenter', 'focusin']) row.addEventListener(kind, () => lightUses(users[k]));
  for (const kind of ['pointerleave', 'focusout']) row.addEventListener(kind, () => lightUses([]));
});
svg.addEventListener('pointerover', event => {
  const mark = event.target.closest('.chip, .gold'), box = mark && mark.closest('.b');
  const word = box && wordOf(mark.matches('.chip') ? mark.nextElementSibling : mark), i = box && +box.id.slice(1);
  const k = rows.findIndex((row, k) => box && users[k].includes(i) && shows(word, row.cells[0].textContent.split(' · ')[0]));
  lightUses(users[k] || []);
});

field.addEventListener('input', search);
field.addEventListener('keydown', event => {
  if (event.key === 'Enter') jump(event.shiftKey ? -1 : 1);
  if (event.key === 'Escape') { field.value = ''; search(); field.blur(); }
});
