// The ribbon: all of time in one line, each step a column of its boxes' colours, and a frame around what is seen.
const ribbon = at('ribbon'), woven = document.createElement('canvas');
ribbon.hidden = columns.length < 8;

// Drawn once for each size, theme and moment.
function weave() {
  if (ribbon.hidden) return;
  const scale = window.devicePixelRatio || 1, wide = Math.round(stage.clientWidth * scale), high = Math.round(56 * scale);
  [woven.width, woven.height, ribbon.width, ribbon.height] = [wide, high, wide, high];
  const pen = woven.getContext('2d'), style = getComputedStyle(document.documentElement), colours = {};
  const heated = shots[now.shot].boxes.some(box => box.fill[0] === 'h');
  const each = wide / columns.length, apart = each > 8 ? 1 : 0, shot = shots[now.shot].boxes;
  columns.forEach((column, c) => {
    for (const [y, row] of storeys[c]) row.forEach((i, n) => {
      const key = heated ? shot[i].fill : borders[i], part = (each - apart) / row.length;
      colours[key] = colours[key] || style.getPropertyValue(key === 'odd' ? '--odd2' : `--${key}`).trim();
      pen.fillStyle = colours[key];
      const unit = (high - 6 * scale) / (column.foot - column.top), tall = 76 * unit;
      pen.fillRect(c * each + n * part, 3 * scale + (y - column.top) * unit - tall / 2, part + 0.4, tall);
    });
  });
  overlook();
}

// Without gradients a box is told by its role.
const borders = drawn.map(box => box.querySelector('[stroke]').getAttribute('stroke').slice(6, -1));
const share = x => {
  const c = Math.max(lastBefore(left, x), 0);
  return c + Math.min(Math.max((x - left[c]) / (right[c] - left[c]), 0), 1);
};

function overlook() {
  if (ribbon.hidden || !woven.width) return;
  const pen = ribbon.getContext('2d'), each = ribbon.width / columns.length;
  const x0 = share(camera.x) * each, x1 = share(camera.x + size.wide / camera.k) * each;
  pen.clearRect(0, 0, ribbon.width, ribbon.height);
  pen.drawImage(woven, 0, 0);
  pen.strokeStyle = getComputedStyle(ribbon).color;
  pen.lineWidth = 3;
  pen.strokeRect(x0 + 1.5, 1.5, Math.max(x1 - x0 - 3, 3), ribbon.height - 3);
}

function jumpTo(event) {
  const part = event.offsetX / ribbon.clientWidth * columns.length, c = Math.min(Math.floor(part), columns.length - 1);
  camera.x = left[c] + (part - c) * (right[c] - left[c]) - size.wide / camera.k / 2;
  moved();
}
ribbon.addEventListener('pointerdown', event => {
  event.stopPropagation();
  ribbon.setPointerCapture(event.pointerId);
  jumpTo(event);
});
ribbon.addEventListener('pointermove', event => { if (ribbon.hasPointerCapture(event.pointerId)) jumpTo(event); });
ribbon.addEventListener('dblclick', event => event.stopPropagation());
