// Training replayed: fills, numbers and arrows of one moment; a column out of the window is brought up to date when seen.
const fresh = columns.map(() => shots.length - 1);
const inner = columns.map((_, c) => [groups[c], gaps[c]].map(group => [...group.querySelectorAll('.a, .note')]).flat());
const outer = [...long, ...far];

function dress(i) {
  const shot = shots[now.shot].boxes[i], group = drawn[i];
  group.setAttribute('fill', `var(--i${shot.fill})`);
  group.firstElementChild.setAttribute('fill', `var(--${shot.fill})`);
  const value = group.querySelector('.v'), below = shot.below.split('\n').reverse();
  if (value && shot.value !== undefined) value.textContent = shot.value;
  group.querySelectorAll('.u').forEach((line, k) => { line.textContent = below[k] ?? ''; });
  group.setAttribute('aria-label', [boxes[i].title, shot.value, shot.below].filter(Boolean).join(', '));
}

function dressPart(part) {
  if (part.classList.contains('note')) { part.textContent = shots[now.shot].notes[part.dataset.i]; return; }
  const [colour, wide] = shots[now.shot].arrows[part.id.slice(1)];
  part.setAttribute('stroke', `var(--${colour})`);
  part.setAttribute('stroke-width', wide);
  if (part.hasAttribute('marker-end')) part.setAttribute('marker-end', `url(#${wide > 2.2 ? 'w' : 't'}${colour})`);
}

function refresh(c) {
  if (fresh[c] === now.shot) return;
  fresh[c] = now.shot;
  members[c].forEach(dress);
  inner[c].forEach(dressPart);
}

function moment(n) {
  now.shot = n;
  boxes.forEach((box, i) => { if (box.column < 0) dress(i); });
  outer.forEach(dressPart);
  for (const group of strips.values()) for (const part of group.querySelectorAll('[data-i]')) {
    part.setAttribute('fill', `var(--${shots[n].boxes[part.dataset.i].fill})`);
  }
  document.querySelectorAll('#uses tbody tr').forEach((row, i) => {
    if (shots[n].uses[i] !== null && row.cells[3]) row.cells[3].textContent = shots[n].uses[i];
  });
  if (shots[n].scale) [at('low').textContent, at('high').textContent] = shots[n].scale;
  announce();
  weave();
  rest();
  redraw();
}

const loss = data.loss;

function announce() {
  if (!at('moment')) return;
  const heading = document.querySelector('h1'), title = shots[now.shot].title;
  if (heading && title) heading.textContent = title;
  at('when').textContent = [say('{0} of {1}', now.shot + 1, shots.length), title, loss.of && `${loss.of}: ${loss.texts[now.shot]}`].filter(Boolean).join(' · ');
  at('moment').setAttribute('aria-valuetext', at('when').textContent);
  if (!loss.of) return;
  const [x, y] = loss.points[now.shot];
  at('now').setAttribute('transform', `translate(${x} 0)`);
  at('dot').setAttribute('transform', `translate(${x} ${y ?? 0})`);
  at('dot').classList.toggle('gone', y === null);
}

if (at('moment')) {
  const slider = at('moment');
  slider.addEventListener('input', () => moment(+slider.value));
  player(at('train'), () => {
    const next = now.shot + 1 === shots.length && at('train').dataset.on !== 'yes' ? 0 : now.shot + 1;
    at('train').dataset.on = next < shots.length - 1 ? 'yes' : '';
    if (next < shots.length) { slider.value = next; moment(next); }
    return next < shots.length - 1;
  }, 600);
}
