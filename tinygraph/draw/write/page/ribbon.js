// The ribbon: all of time in a line for each network, each step a column of its boxes' colours, and a frame around what is seen.
const ribbon = at('ribbon'), woven = document.createElement('canvas');
const lanes = sides.filter(side => side.own.length);
ribbon.hidden = lanes.every(side => side.own.length < 8);

// Drawn once for each size, theme and moment.
function weave() {
  if (ribbon.hidden) return;
  const scale = window.devicePixelRatio || 1, wide = Math.round(stage.clientWidth * scale), high = Math.round(56 * scale);
  [woven.width, woven.height, ribbon.width, ribbon.height] = [wide, high, wide, high];
  const pen = woven.getContext('2d'), style = getComputedStyle(document.documentElement), colours = {};
  const heated = shots[now.shot].boxes.some(box => box.fill[0] === 'h');
  const shot = shots[now.shot].boxes, room = high / lanes.length;
  lanes.forEach(({own, first}, lane) => own.forEach((column, k) => {
    const each = wide / own.length, apart = each > 8 ? 1 : 0;
    for (const [y, row] of storeys[first + k]) row.forEach((i, n) => {
      const key = heated ? shot[i].fill : borders[i], part = (each - apart) / row.length;
      colours[key] = colours[key] || style.getPropertyValue(key === 'odd' ? '--odd2' : `--${key}`).trim();
      pen.fillStyle = colours[key];
      const unit = (room - 6 * scale) / (column.foot - column.top), tall = 76 * unit;
      pen.fillRect(k * each + n * part, lane * room + 3 * scale + (y - column.top) * unit - tall / 2, part + 0.4, tall);
    });
  }));
  overlook();
}

// Without gradients a box is told by its role.
const borders = drawn.map(box => box.querySelector('[stroke]').getAttribute('stroke').slice(6, -1));
const share = (x, side) => {
  const c = Math.max(lastBefore(x, side, c => left[c]), side.first);
  return (c - side.first + Math.min(Math.max((x - left[c]) / (right[c] - left[c]), 0), 1)) / side.own.length;
};

function overlook() {
  if (ribbon.hidden || !woven.width) return;
  const pen = ribbon.getContext('2d'), room = ribbon.height / lanes.length;
  pen.clearRect(0, 0, ribbon.width, ribbon.height);
  pen.drawImage(woven, 0, 0);
  pen.strokeStyle = getComputedStyle(ribbon).color;
  pen.lineWidth = 3;
  lanes.forEach((side, lane) => {
    const [x0, x1] = [camera.x, camera.x + size.wide / camera.k].map(x => share(x, side) * ribbon.width);
    pen.strokeRect(x0 + 1.5, lane * room + 1.5, Math.max(x1 - x0 - 3, 3), room - 3);
  });
}

function jumpTo(event) {
  const {own, first} = lanes[Math.min(Math.floor(event.offsetY / ribbon.clientHeight * lanes.length), lanes.length - 1)];
  const part = event.offsetX / ribbon.clientWidth * own.length, k = Math.min(Math.floor(part), own.length - 1), c = first + k;
  camera.x = left[c] + (part - k) * (right[c] - left[c]) - size.wide / camera.k / 2;
  moved();
}
ribbon.addEventListener('pointerdown', event => {
  event.stopPropagation();
  ribbon.setPointerCapture(event.pointerId);
  jumpTo(event);
});
ribbon.addEventListener('pointermove', event => { if (ribbon.hasPointerCapture(event.pointerId)) jumpTo(event); });
ribbon.addEventListener('dblclick', event => event.stopPropagation());
