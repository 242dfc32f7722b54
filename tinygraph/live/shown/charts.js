// Curves over time: outputs beside their targets, and inputs that can be drawn by hand.
function chart(j) {
    const row = scene.rows[j], picture = at('picture'), isInput = row.kind === 'input';
    const count = isInput ? data.inputs[0].length : data.outputs;
    const part = { lines: [], dots: [], wanted: [], zero: picture.appendChild(make('path', { class: 'zero-line' })) };
    for (let o = 0; o < count; o++) {
        part.lines.push(picture.appendChild(make('path', { class: `line s${o}` })));
        part.dots.push([...Array(net.T).keys()].map(() => picture.appendChild(make('circle', { class: `s${o}`, r: isInput ? 4 : 2.6 }))));
        if (!isInput) part.wanted.push([...Array(net.T).keys()].map(() => picture.appendChild(make('circle', { class: count > 1 ? `wanted s${o}` : 'wanted', r: 3.4 }))));
    }
    for (let t = 0; t < net.T; t++) {
        picture.append(make('rect', {
            x: leftOf(t), y: row.y, width: scene.wide, height: row.high, class: isInput ? 'hit grip' : 'hit', 'data-at': `${j}:${t}:0`,
        }));
    }
    scene.parts[j].chart = part;
}

// The scale of a chart: it grows with its numbers and does not shrink while a page is trained.
function scaleOf(row, numbers) {
    const finite = numbers.filter(Number.isFinite);
    const reach = Math.max(1, ...finite.map(Math.abs));
    row.reach = Math.min(Math.max(row.reach || 0, reach), reach * 2.5);
    return (v) => row.y + row.high / 2 - (Math.max(Math.min(v / row.reach, 1.15), -1.15) * row.high) / 2.3;
}

function paintChart(j) {
    const row = scene.rows[j], part = scene.parts[j].chart, isInput = row.kind === 'input';
    const series = net.steps.map((step, t) => (isInput ? net.inputs[t] : step.y));
    const wanted = isInput ? [] : net.steps.map((step) => (step.share ? [].concat(step.given[1]) : null));
    const place = scaleOf(row, [...series.flatMap((x) => [...x]), ...wanted.flatMap((x) => (x ? [...x] : []))]);
    part.zero.setAttribute('d', `M0 ${place(0)}H${leftOf(net.T)}`);
    part.lines.forEach((line, o) => {
        line.setAttribute('d', series.map((x, t) => `${t ? 'L' : 'M'}${centre(t)} ${place(Number.isFinite(x[o]) ? x[o] : 0)}`).join(''));
        part.dots[o].forEach((dot, t) => { dot.setAttribute('cx', centre(t)); dot.setAttribute('cy', place(series[t][o] || 0)); });
        (part.wanted[o] || []).forEach((dot, t) => {
            dot.setAttribute('visibility', wanted[t] && data.loss === 'squared' ? 'visible' : 'hidden');
            if (wanted[t]) { dot.setAttribute('cx', centre(t)); dot.setAttribute('cy', place(wanted[t][o])); }
        });
    });
}

// Dragging an input up or down changes its number.
function dragging() {
    let drag = null;
    const picture = at('picture');
    picture.addEventListener('pointerdown', (event) => {
        const spot = spotOf(event.target);
        if (!spot || scene.rows[spot.j].kind !== 'input') return;
        const row = scene.rows[spot.j], y = event.clientY - picture.getBoundingClientRect().top;
        const o = nearest(spot, y);
        drag = { ...spot, o, from: y, was: net.inputs[spot.t][o], reach: row.reach };
        picture.setPointerCapture(event.pointerId);
    });
    picture.addEventListener('pointermove', (event) => {
        if (!drag) return;
        const y = event.clientY - picture.getBoundingClientRect().top, row = scene.rows[drag.j];
        if (Math.abs(y - drag.from) < 3) return;
        setInput(drag.t, drag.o, drag.was - ((y - drag.from) * 2.3 * drag.reach) / row.high);
    });
    for (const end of ['pointerup', 'pointercancel']) picture.addEventListener(end, () => { drag = null; });
}

function nearest({ j, t }, y) {
    const dots = scene.parts[j].chart.dots;
    const far = dots.map((dot) => Math.abs(Number(dot[t].getAttribute('cy')) - y));
    return far.indexOf(Math.min(...far));
}

function setInput(t, o, value) {
    net.inputs[t] = net.inputs[t].map((v, k) => (k === o ? value : v));
    refresh();
}

function paintCurve() {
    const losses = [...net.losses, net.loss].filter(Number.isFinite), curve = at('curve');
    const most = Math.max(...losses, 1e-12);
    const spots = losses.map((v, k) => `${(k / Math.max(losses.length - 1, 1)) * 296 + 2} ${72 - (v / most) * 66}`);
    const d = spots.length > 1 ? `M${spots.join('L')}` : `M2 ${spots.length ? 72 - (losses[0] / most) * 66 : 6}h296`;
    curve.replaceChildren(make('path', { class: 'floor', d: 'M2 72H298' }), make('path', { d }));
}
