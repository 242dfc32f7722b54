// The picture: a column for each step, its rows from the input at the foot to the loss at the top.
const scene = { cells: [], cards: [], rows: [], T: 0 };
// Rows of a column, from the top, with their heights; `room` is what the window leaves to the units.
const asked_tall = (n, isState) => Math.max((isState ? [[8, 13], [16, 9], [32, 6], [64, 4]] : [[8, 7], [16, 5], [32, 3], [64, 2]])
    .find(([most]) => n <= most)?.[1] ?? (isState ? 260 : 130) / n, 0.5);

function layout() {
    const units = (name, r, n, state, gate) => ({ kind: 'units', name, r, n, state, gate, high: n * asked_tall(n, state >= 0) });
    const inner = data.rows.map((row, r) => units(row.name, r, row.size, row.state, row.kind === 'gate')).reverse();
    const output = data.rows.some((row) => row.name === 'y') ? 'ŷ' : 'y';
    const y = data.loss === 'labels' ? { kind: 'guess', name: output, high: 36 }
        : data.outputs <= 4 ? { kind: 'curve', name: output, high: 64 } : data.output_state >= 0 ? null : units(output, -1, data.outputs, -1);
    const wide = Array.isArray(data.inputs[0]) ? data.inputs[0].length : 0;
    const x = !wide ? { kind: 'token', name: 'x', high: 28 } : wide <= 4 ? { kind: 'input', name: 'x', high: 50 } : units('x', -2, wide, -1);
    const norms = data.states.flatMap((s, k) => (s.real ? [{ kind: 'norm', name: `‖∂${s.name}‖`, k, high: 24 }] : []));
    return [{ kind: 'loss', name: 'L', high: 26 }, ...(y ? [y] : []), { kind: 'top' }, ...inner, { kind: 'foot' }, x, { kind: 'time', high: 16 }, ...norms];
}

// On a high window units are as high as one likes, on a low one as low as a mouse can hit.
function fitted(rows) {
    const own = rows.filter((row) => row.kind === 'units'), sum = own.reduce((s, row) => s + row.high, 0);
    const rest = rows.reduce((s, row) => s + (row.kind === 'units' ? 10 : row.kind === 'top' || row.kind === 'foot' ? 22 : row.high + (row.kind === 'norm' ? 16 : 8)), 0);
    const room = innerWidth > 820 ? Math.max(innerHeight - 240, 360) : 620;
    const share = Math.min(Math.max((room - rest) / sum, 0.5), 1);
    for (const row of own) row.high = row.n * Math.max((row.high / row.n) * share, row.state >= 0 ? Math.min(row.high / row.n, 5) : 0.5);
    return rows;
}

function place() {
    let y = 4;
    const rows = [];
    for (const row of fitted(layout())) {
        if (row.kind === 'top') { y += 14; scene.top = y; y += 10; continue; }
        if (row.kind === 'foot') { scene.foot = y; y += 16; continue; }
        rows.push({ ...row, y });
        y += row.high + (row.kind === 'norm' ? 16 : row.kind === 'time' ? 4 : row.kind === 'units' && row.r >= 0 ? 9 : 8);
    }
    const longest = Math.max(...rows.filter((row) => row.name).map((row) => row.name.length * (row.kind === 'norm' ? 7 : 9)));
    scene.margin = Math.min(Math.max(longest + 16, 50), innerWidth > 820 ? 130 : 84);
    const room = Math.max(at('stage').clientWidth - scene.margin - 8, 200);
    const pitch = Math.min(Math.max((room - 6) / net.T, 38), 96);
    const gap = Math.min(Math.max(pitch * 0.32, 16), 28);
    Object.assign(scene, { rows, high: y, pitch, wide: pitch - gap, gap, T: net.T });
}

const leftOf = (t) => 4 + t * scene.pitch;
const centre = (t) => leftOf(t) + scene.wide / 2;

function build() {
    place();
    const gutter = at('gutter'), picture = at('picture');
    gutter.replaceChildren();
    picture.replaceChildren();
    size(gutter, scene.margin, scene.high);
    size(picture, leftOf(net.T) + 4, scene.high);
    scene.cells = scene.rows.map((row) => (row.kind === 'units' ? [] : null));
    scene.parts = scene.rows.map(() => []);
    scene.back = [];
    scene.cuts = [];
    for (const row of scene.rows) {
        if (row.kind === 'time') gutter.append(make('text', { x: scene.margin - 8, y: row.y + 12, 'text-anchor': 'end', class: 'small' }, 't'));
        else gutter.append(make('text', {
            x: scene.margin - 8, y: row.y + row.high / 2 + 5, 'text-anchor': 'end', class: row.kind === 'norm' ? 'small' : 'letter',
        }, within(row.name, row.kind === 'norm' ? 7 : 9)));
    }
    for (let t = 0; t < net.T; t++) column(t);
    for (let t = 1; t < net.T; t++) between(t);
    for (const [j, row] of scene.rows.entries()) if (row.kind === 'curve' || row.kind === 'input') chart(j);
    scene.zeros = picture.appendChild(make('g'));
    scene.cursor = picture.appendChild(make('rect', { class: 'cursor', rx: 3, width: 0, height: 0 }));
}

// A name as long as there is room; the readout has all of it.
function within(name, wide) {
    const most = Math.floor((scene.margin - 12) / wide);
    return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

function size(svg, width, height) {
    svg.setAttribute('width', Math.ceil(width));
    svg.setAttribute('height', Math.ceil(height));
}

function column(t) {
    const picture = at('picture'), x = leftOf(t), mid = centre(t);
    const card = { x: x - 3, y: scene.top, width: scene.wide + 6, height: scene.foot - scene.top, rx: 8, class: 'card' };
    picture.append(make('rect', card));
    const foot = scene.rows.find((row) => ['token', 'input'].includes(row.kind) || row.r === -2);
    arrowUp(mid, foot.y - 1, scene.foot + 1);
    const above = scene.rows[scene.rows.findIndex((row) => row.r >= 0) - 1];
    arrowUp(mid, scene.top - 1, above.y + above.high + 1);
    scene.rows.forEach((row, j) => {
        if (row.kind === 'units') units(row, j, t);
        else if (row.kind === 'time') picture.append(make('text', { x: mid, y: row.y + 12, class: 'small middle-text' }, t));
        else single(row, j, t);
    });
}

function arrowUp(x, from, to) {
    at('picture').append(make('path', { class: 'up', d: `M${x} ${from}V${to}M${x - 3} ${to + 4}L${x} ${to}L${x + 3} ${to + 4}` }));
}

function units(row, j, t) {
    const tall = row.high / row.n, list = [];
    for (let i = 0; i < row.n; i++) {
        const cell = make('rect', {
            x: leftOf(t), y: row.y + i * tall, width: scene.wide, height: Math.max(tall - (tall > 4 ? 1 : 0), 0.5),
            class: 'hit', 'data-at': `${j}:${t}:${i}`,
        });
        at('picture').append(cell);
        list.push(cell);
    }
    scene.cells[j][t] = list;
}

function single(row, j, t) {
    const picture = at('picture'), mid = centre(t), part = {};
    if (row.kind === 'loss' || row.kind === 'norm') {
        part.bar = picture.appendChild(make('rect', { x: mid - 7, width: 14, class: `bar-${row.kind}`, y: row.y + row.high, height: 0 }));
        part.text = picture.appendChild(make('text', { x: mid, y: row.y + row.high + 11, class: 'small middle-text' }));
        if (row.kind === 'loss') part.text.setAttribute('y', row.y + 8);
    } else if (row.kind === 'guess') {
        part.text = picture.appendChild(make('text', { x: mid, y: row.y + 16, class: 'token middle-text' }));
        part.below = picture.appendChild(make('text', { x: mid, y: row.y + 32, class: 'small middle-text' }));
    } else if (row.kind === 'token') {
        picture.append(make('rect', { x: leftOf(t), y: row.y, width: scene.wide, height: row.high, rx: 6, class: 'box' }));
        part.text = picture.appendChild(make('text', { x: mid, y: row.y + 19, class: 'token middle-text' }));
    }
    picture.append(make('rect', { x: leftOf(t), y: row.y, width: scene.wide, height: row.high, class: 'hit', 'data-at': `${j}:${t}:0` }));
    scene.parts[j][t] = part;
}

// Between two columns: each state goes forward, its gradient comes back, or is cut.
function between(t) {
    const picture = at('picture'), from = leftOf(t - 1) + scene.wide + 3, to = leftOf(t) - 3;
    scene.back[t] = [];
    for (const row of scene.rows.filter((r) => r.kind === 'units' && r.state >= 0)) {
        const y = row.y + row.high / 2 - 5;
        picture.append(make('path', { class: 'forward', d: `M${from} ${y}H${to - 4}` }));
        picture.append(make('path', { class: 'head-green', d: `M${to} ${y}l-5 -3.5v7z` }));
        scene.back[t][row.state] = picture.appendChild(make('path', { class: 'back', d: `M${to} ${y + 10}H${from + 2}m4 -3.5l-4 3.5l4 3.5` }));
    }
    const x = (from + to) / 2;
    scene.cuts[t] = picture.appendChild(make('path', { class: 'cut', d: `M${x} ${scene.top - 4}V${scene.foot + 4}` }));
}
