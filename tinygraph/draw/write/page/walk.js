// Walking: one box after the other in the order of computation, or back from the loss, with its arrows lit.
let lit = [];

// The current box. Walking forward lights what it reads, backward what it sends back.
function choose(i, way = now.way) {
  for (const part of lit) part.classList.remove('lit');
  if (now.box !== null) {
    drawn[now.box].setAttribute('tabindex', -1);
    drawn[now.box].removeAttribute('aria-current');
  }
  [now.box, now.way] = [i, way];
  if (i === null) { lit = []; svg.setAttribute('tabindex', 0); return rest(); }
  const flows = touching[i].filter(j => way > 0 ? arrows[j][1] === i && arrows[j][0] < i : arrows[j][0] === i && arrows[j][1] < i);
  lit = [drawn[i], ...flows.map(j => at('a' + j))];
  for (const part of lit) part.classList.add('lit');
  drawn[i].setAttribute('tabindex', 0);
  drawn[i].setAttribute('aria-current', 'true');
  svg.setAttribute('tabindex', -1);
  told(i);
  const bar = loose.find(box => box.group === drawn[i]), c = boxes[i].column, [x, y] = spotOf(drawn[i]);
  reveal(bar ? Math.max(bar.left, Math.min(bar.right, camera.x + size.wide / camera.k / 2)) : x + left[c] - columns[c].left, y);
  drawn[i].focus({preventScroll: true});
}

function walk(way) {
  let i = now.box === null ? (way > 0 ? 0 : boxes.length - 1) : now.box + way;
  while (i >= 0 && i < boxes.length && hidden(i)) i += way;
  if (i < 0 || i >= boxes.length) return false;
  choose(i, way);
  return true;
}

// Something is done again and again until it says that it has come to its end.
function player(button, step, pause) {
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; button.setAttribute('aria-pressed', 'false'); };
  const turnOn = () => {
    if (timer) return stop();
    button.setAttribute('aria-pressed', 'true');
    timer = setInterval(() => { if (!step()) stop(); }, pause);
    step();
  };
  button.addEventListener('click', turnOn);
  return {stop, turnOn};
}

const walking = player(at('play'), () => walk(now.way), 700);
for (const [id, way] of [['ahead', 1], ['back', -1]]) at(id).addEventListener('click', () => { walking.stop(); walk(way); at(id).focus(); });

let foldedLast = 0;
svg.addEventListener('click', event => {
  if (drag.moved) return;
  const box = event.target.closest('.b'), folded = event.target.closest('.strip'), column = event.target.closest('.col');
  if (box) choose(+box.id.slice(1));
  else if (event.detail > 1) return;
  else if (folded) { foldedLast = event.timeStamp; turn(+folded.dataset.c); }
  else if (column) { foldedLast = event.timeStamp; turn(+column.id.slice(1)); }
});
stage.addEventListener('dblclick', event => {
  if (!event.target.closest('.b') && event.timeStamp - foldedLast > 600) fit(false);
});

// The first column that is seen.
function seenFirst() {
  const side = sides.find(({own, seen}) => own.length && seen[0] <= seen[1]);
  return side && side.seen[0];
}

const keys = {
  ArrowRight: () => walk(1), ArrowUp: () => walk(1), ArrowLeft: () => walk(-1), ArrowDown: () => walk(-1),
  '0': () => fit(false), '+': () => zoom(1.25), '=': () => zoom(1.25), '-': () => zoom(0.8),
  '/': () => at('search').focus(), p: () => walking.turnOn(), u: () => fold([...now.folded], false, seenFirst()),
  f: () => { if (now.box !== null && boxes[now.box].column >= 0) turn(boxes[now.box].column); },
  '?': () => { at('keys').open = true; at('keys').firstElementChild.focus(); },
  Escape: () => { walking.stop(); choose(null); if (!shutTable()) svg.focus(); },
  Home: () => choose(boxes.findIndex((_, i) => !hidden(i)), 1),
  End: () => choose(boxes.findLastIndex((_, i) => !hidden(i)), -1),
};
document.addEventListener('keydown', event => {
  const target = event.target, folded = target.closest('.strip');
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input')) return;
  const enters = event.key === 'Enter' || event.key === ' ';
  const act = !enters ? keys[event.key] : folded ? () => turn(+folded.dataset.c) : target.closest('.b') && keys.f;
  if (!act) return;
  event.preventDefault();
  if (event.key.startsWith('Arrow')) walking.stop();
  act();
});
