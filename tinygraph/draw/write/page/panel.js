// The panel: what is known of a box, or of what comes back along an arrow.
const what = at('what'), rulesAt = at('rules'), barsAt = at('bars'), facts = at('facts');

const fact = (name, value) => (value === undefined || value === '' || value === null) ? []
  : [make('dt', {}, name), make('dd', {}, String(value))];

function told(i) {
  const box = boxes[i], shot = shots[now.shot].boxes[i];
  what.textContent = shot.value === undefined ? box.title : `${box.title}  ${shot.value}`;
  rulesAt.replaceChildren(...(box.rule === undefined ? [] : ruleOf(rules[box.rule])));
  barsAt.replaceChildren(...histogram(shot));
  facts.replaceChildren(
    ...fact('name', box.name), ...fact(box.rule === undefined ? 'kind' : 'op', box.op), ...fact('settings', box.settings), ...fact('step t', box.step),
    ...fact('scope', box.scope), ...fact('order', `${i + 1} of ${boxes.length}`), ...fact('shape', box.shape), ...fact('value', shot.one), ...fact('elements', shot.elements), ...fact('mean', shot.mean),
    ...fact('deviation', shot.deviation), ...fact('range', shot.low && `${shot.low} … ${shot.high}`),
    ...fact('not finite', shot.odd), ...fact('gradient norm ‖∂‖', shot.norm ?? (shots[now.shot].scale ? 'not computed' : '')),
    ...(box.lines || []).map(line => make('dd', {class: 'line'}, line)));
}

// Both rules; the one of the way that is walked stands out.
function ruleOf([forward, backward]) {
  const part = (lines, words, way) => !lines.length ? [] : [make('p', {}, words),
    make('pre', {class: now.way === way && now.box !== null ? `now ${way < 0 ? 'backward' : 'forward'}` : ''}, lines.join('\n'))];
  const parts = [part(forward, 'forward', 1), part(backward, 'backward: local gradient, gz comes from above', -1)];
  return (now.way < 0 ? parts.reverse() : parts).flat();
}

function histogram({bars, low, high}) {
  if (!bars) return [];
  const picture = make('svg', {viewBox: `0 0 ${bars.length * 10} 36`, preserveAspectRatio: 'none', role: 'img',
    'aria-label': `histogram of the value from ${low} to ${high}`});
  [...bars].forEach((digit, i) => {
    const high = parseInt(digit, 36);
    picture.append(make('rect', {x: i * 10 + 1, y: 36 - high, width: 8, height: high}));
  });
  const ends = make('p');
  ends.append(make('span', {}, low), make('span', {}, 'value'), make('span', {}, high));
  return [picture, ends];
}

function toldArrow(j) {
  const [tail, head] = arrows[j], tip = shots[now.shot].arrows[j][2];
  what.textContent = `${boxes[tail].title} → ${boxes[head].title}`;
  for (const part of [rulesAt, barsAt]) part.replaceChildren();
  facts.replaceChildren(...fact(tail > head ? 'comes back' : 'arrow', tip || 'value'));
}

function toldColumn(c) {
  what.textContent = columns[c].title;
  for (const part of [rulesAt, barsAt]) part.replaceChildren();
  facts.replaceChildren(...fact('boxes', members[c].length), make('dd', {class: 'line'},
    now.folded.has(c) ? 'click to unfold this step' : 'click to fold this step away'));
}

function toldTile(tile) {
  what.textContent = tile.querySelector('title').textContent;
  for (const part of [rulesAt, barsAt, facts]) part.replaceChildren();
}

const guide = [...(boxes.length ? ['Point at a box to see its numbers.', 'Press → to walk in the order of computation, ← to follow the gradient back.']
  : ['Point at a square to read its number.']),
  ...(columns.length > 1 ? ['Click a time step to fold it.'] : []), 'Wheel zooms, drag moves, 0 resets.'];

function toldNothing() {
  what.textContent = 'Explore';
  rulesAt.replaceChildren(...guide.map(line => make('div', {class: 'note-text'}, line)));
  for (const part of [barsAt, facts]) part.replaceChildren();
}

const rest = () => (now.box === null ? toldNothing() : told(now.box));

function tellOf(target) {
  const box = target.closest('.b'), arrow = target.closest('.a'), folded = target.closest('.strip'), head = target.closest('.head'), tile = target.closest('.tile');
  if (box) told(+box.id.slice(1));
  else if (arrow) toldArrow(+arrow.id.slice(1));
  else if (folded) toldColumn(+folded.dataset.c);
  else if (tile) toldTile(tile);
  else if (head && head.closest('.col')) toldColumn(+head.closest('.col').id.slice(1));
  else rest();
}

svg.addEventListener('pointerover', event => { if (!drag.on) tellOf(event.target); });
svg.addEventListener('pointerleave', rest);
svg.addEventListener('focusin', event => tellOf(event.target));
