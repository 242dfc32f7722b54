// The panel: what is known of a box, or of what comes back along an arrow.
const what = at('what'), rulesAt = at('rules'), barsAt = at('bars'), facts = at('facts');

const fact = (name, value) => (value === undefined || value === '' || value === null) ? []
  : [make('dt', {}, name), make('dd', {}, String(value))];

function tell(title, rules, bars, ...lines) {
  what.textContent = title;
  rulesAt.replaceChildren(...rules);
  barsAt.replaceChildren(...bars);
  facts.replaceChildren(...lines);
}

function told(i) {
  const box = boxes[i], shot = shots[now.shot].boxes[i];
  tell(shot.value === undefined ? box.title : `${box.title}  ${shot.value}`, box.rule === undefined ? [] : ruleOf(rules[box.rule]), histogram(shot),
    ...fact(say('name'), box.name), ...fact(box.rule === undefined ? say('kind') : say('op'), box.op), ...fact(say('settings'), box.settings), ...fact(say('step t'), box.step),
    ...fact(say('scope'), box.scope), ...fact(say('order'), say('{0} of {1}', i + 1, boxes.length)), ...fact(say('shape'), box.shape), ...fact(say('value'), shot.one), ...fact(say('elements'), shot.elements), ...fact(say('mean'), shot.mean),
    ...fact(say('deviation'), shot.deviation), ...fact(say('range'), shot.low && `${shot.low} … ${shot.high}`),
    ...fact(say('not finite'), shot.odd), ...fact(say('gradient norm ‖∂‖'), shot.norm ?? (shots[now.shot].scale ? say('not computed') : '')),
    ...(box.lines || []).map(line => make('dd', {class: 'line'}, line)));
}

// Both rules; the one of the way that is walked stands out.
function ruleOf([forward, backward]) {
  const part = (lines, words, way) => !lines.length ? [] : [make('p', {}, words),
    make('pre', {class: now.way === way && now.box !== null ? `now ${way < 0 ? 'backward' : 'forward'}` : ''}, lines.join('\n'))];
  const parts = [part(forward, say('forward'), 1), part(backward, say('backward: local gradient, gz comes from above'), -1)];
  return (now.way < 0 ? parts.reverse() : parts).flat();
}

function histogram({bars, low, high}) {
  if (!bars) return [];
  const picture = make('svg', {viewBox: `0 0 ${bars.length * 10} 36`, preserveAspectRatio: 'none', role: 'img',
    'aria-label': say('histogram of the value from {0} to {1}', low, high)});
  [...bars].forEach((digit, i) => {
    const high = parseInt(digit, 36);
    picture.append(make('rect', {x: i * 10 + 1, y: 36 - high, width: 8, height: high}));
  });
  const ends = make('p');
  ends.append(make('span', {}, low), make('span', {}, say('value')), make('span', {}, high));
  return [picture, ends];
}

function toldArrow(j) {
  const [tail, head] = arrows[j], tip = shots[now.shot].arrows[j][2];
  tell(`${boxes[tail].title} → ${boxes[head].title}`, [], [], ...fact(tail > head ? say('comes back') : say('arrow'), tip || say('value')));
}

function toldColumn(c) {
  tell(columns[c].title, [], [], ...fact(say('boxes'), members[c].length), make('dd', {class: 'line'},
    !touch.matches ? (now.folded.has(c) ? say('click to unfold this step') : say('click to fold this step away'))
      : now.folded.has(c) ? say('tap to unfold this step') : say('tap to fold this step away')));
}

const toldTile = tile => tell(tile.querySelector('title').textContent, [], []);

// What can be done, by a mouse and keys, or by fingers where there is neither.
const guide = () => (touch.matches ? [
  ...(boxes.length ? [say('Tap a box to see its numbers.'), say('Tap → to walk in the order of computation, ← to follow the gradient back.')]
    : [say('Tap a square to read its number; all of them are in the table.')]),
  ...(columns.length > 1 ? [say('Tap a time step to fold it.')] : []), say('One finger moves, two zoom; fit shows all of it.'),
] : [
  ...(boxes.length ? [say('Point at a box to see its numbers.'), say('Press → to walk in the order of computation, ← to follow the gradient back.')]
    : [say('Point at a square to read its number; all of them are in the table.')]),
  ...(columns.length > 1 ? [say('Click a time step to fold it.')] : []), say('Wheel or two fingers zoom, drag moves, 0 resets.'),
]);

const toldNothing = () => tell(say('Explore'), guide().map(line => make('div', {class: 'note-text'}, line)), []);

const rest = () => (now.box === null ? toldNothing() : told(now.box));

function tellOf(target) {
  const box = target.closest('.b'), arrow = target.closest('.a'), folded = target.closest('.strip'), head = target.closest('.head'), tile = target.closest('.tile:has(> title:not(:empty))');
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
