// The table of a heat map's numbers: arrow keys move in it, and the square of a number is marked.
const numbers = at('numbers');

function mark(cell, go) {
  document.querySelectorAll('.tile.lit').forEach(part => part.classList.remove('lit'));
  const tile = cell && at('t' + cell.dataset.i);
  if (!tile) return rest();
  tile.classList.add('lit');
  toldTile(tile);
  if (go) reveal(...spotOf(tile));
}

// From the cell of a row and a column to the next that has a number.
function step(cell, down, across) {
  const lines = [...cell.closest('tbody').rows];
  let row = lines.indexOf(cell.parentNode), column = cell.cellIndex, next;
  do {
    row += down;
    column += across;
    next = lines[row] && lines[row].cells[column];
  } while (next && !next.dataset.i);
  return next;
}

function shutTable() {
  if (!numbers || !numbers.open) return false;
  numbers.open = false;
  numbers.firstElementChild.focus();
  return true;
}

const turns = {ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0]};
if (numbers) {
  numbers.addEventListener('toggle', () => { if (!numbers.open) mark(null); });
  numbers.addEventListener('focusin', event => mark(event.target.closest('[data-i]')));
  numbers.addEventListener('focusout', () => mark(null));
  // Under a mouse at rest the layout may move: only what it points at is marked, and then again what has the focus.
  numbers.addEventListener('pointerover', event => { if (event.target.closest('[data-i]')) mark(event.target.closest('[data-i]')); });
  numbers.addEventListener('pointerleave', () => mark(document.activeElement.closest('[data-i]')));
  numbers.addEventListener('keydown', event => {
    const cell = event.target.closest('[data-i]'), way = turns[event.key];
    if (!cell || !(way || event.key === 'Enter' || event.key === ' ')) return;
    event.preventDefault();
    event.stopPropagation();
    const next = way ? step(cell, ...way) : cell;
    if (!next) return;
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    if (!way) mark(next, true);
  });
}
