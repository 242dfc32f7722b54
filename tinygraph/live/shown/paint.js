// Colours and heights from the numbers of now.
const night = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => (document.documentElement.dataset.theme || (night.matches ? 'dark' : 'light')) === 'dark';
const SIGNED = [[238, 178, 60], [246, 224, 160], [238, 241, 245], [126, 168, 222], [24, 84, 176]];
const SIGNED_DARK = [[245, 190, 80], [140, 108, 48], [34, 42, 52], [52, 98, 160], [120, 180, 255]];
const OPEN = [[238, 241, 245], [176, 214, 204], [96, 178, 156], [36, 134, 112], [6, 88, 74]];
const OPEN_DARK = [[34, 42, 52], [32, 78, 72], [40, 122, 108], [72, 176, 152], [150, 236, 208]];
const HEAT = [[246, 247, 249], [253, 219, 176], [250, 160, 96], [220, 84, 48], [138, 20, 20]];
const HEAT_DARK = [[34, 38, 46], [98, 52, 33], [176, 74, 34], [244, 134, 60], [255, 222, 150]];
const view = { gradients: false };

function mixed(stops, level) {
    const at = Math.min(Math.max(level, 0), 1) * (stops.length - 1), i = Math.min(Math.floor(at), stops.length - 2);
    return `rgb(${stops[i].map((a, k) => Math.round(a + (stops[i + 1][k] - a) * (at - i))).join()})`;
}

const DECADES = 6;
// From 0 to 1: where a size lies within the six decades below the largest.
const level = (size, most) => (size > 0 && most > 0 ? Math.max(1 + Math.log10(size / most) / DECADES, 0.02) : 0);

function colour(row, value, reach) {
    if (!Number.isFinite(value)) return '#b07fe0';
    if (view.gradients) return mixed(isDark() ? HEAT_DARK : HEAT, level(Math.abs(value), reach));
    if (row.gate && reach <= 1) return mixed(isDark() ? OPEN_DARK : OPEN, value);
    return mixed(isDark() ? SIGNED_DARK : SIGNED, 0.5 + value / (2 * reach));
}

// The numbers of a row at a step: values, or their gradients.
function numbersOf(row, t, gradients = view.gradients) {
    const step = net.steps[t], plain = data.rows.filter((r) => r.state < 0);
    if (row.r === -1) return gradients ? null : step.y;
    if (row.r === -2) return gradients ? step.d.x : [].concat(net.inputs[t]);
    if (row.state >= 0) return gradients ? step.d.after[row.state] : step.after[row.state];
    const k = plain.indexOf(data.rows[row.r]);
    return gradients ? step.d.rows[k] : step.rows[k];
}

const finiteMost = (lists) => lists.reduce((most, x) => (x || []).reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), most), 0);

function paint() {
    const all = (row) => net.steps.map((_, t) => numbersOf(row, t));
    const unitRows = scene.rows.filter((row) => row.kind === 'units');
    const most = view.gradients ? finiteMost(unitRows.flatMap(all)) : 0;
    scene.rows.forEach((row, j) => {
        if (row.kind === 'units') paintUnits(row, j, view.gradients ? most : Math.max(finiteMost(all(row)), row.gate ? 0 : 1));
        else if (row.kind === 'loss') paintLoss(j);
        else if (row.kind === 'norm') paintNorm(row, j);
        else if (row.kind === 'guess') paintGuess(j);
        else if (row.kind === 'token') scene.parts[j].forEach((part, t) => { part.text.textContent = shortened(seen(tokenOf(net.inputs[t]))); });
        else if (row.kind !== 'time') paintChart(j);
    });
    paintBack();
    paintZeros();
    paintCurve();
}

function paintUnits(row, j, reach) {
    for (let t = 0; t < net.T; t++) {
        const numbers = numbersOf(row, t), cells = scene.cells[j][t];
        for (let i = 0; i < row.n; i++) {
            const fill = numbers ? colour(row, numbers[i], reach) : 'transparent';
            if (cells[i].shade !== fill) { cells[i].shade = fill; cells[i].setAttribute('fill', fill); cells[i].style.fill = fill; }
        }
    }
}

function bar(part, row, level, words) {
    const high = (Number.isNaN(level) ? 1 : Math.min(Math.max(level, 0), 1)) * row.high;
    part.bar.setAttribute('y', row.y + row.high - high);
    part.bar.setAttribute('height', high);
    part.text.textContent = scene.wide >= 30 ? words : '';
}

function paintLoss(j) {
    const row = { ...scene.rows[j], y: scene.rows[j].y + 12, high: scene.rows[j].high - 12 };
    const most = Math.max(...net.steps.map((s) => (s.share ? s.loss : 0)).filter(Number.isFinite), 1e-12);
    row.high = Math.max(row.high, 1);
    scene.reachOfLoss = Math.min(Math.max(scene.reachOfLoss || 0, most), most * 20);
    net.steps.forEach((step, t) => bar(scene.parts[j][t], row, step.share ? step.loss / scene.reachOfLoss : 0, step.share ? number(step.loss, 2) : ''));
}

function paintNorm(row, j) {
    const sizes = net.steps.map((step) => normOf([step.d.after[row.k]]));
    const most = Math.max(...sizes.filter(Number.isFinite), 0);
    sizes.forEach((size, t) => bar(scene.parts[j][t], row, Number.isFinite(size) ? level(size, most) : 1, number(size, 2)));
}

function shares(logits) {
    const most = Math.max(...logits), parts = Array.from(logits, (v) => Math.exp(v - most));
    const total = parts.reduce((a, b) => a + b, 0);
    return parts.map((p) => p / total);
}

const shortened = (token) => (token.length > Math.max(scene.wide / 9, 1) ? `${token.slice(0, Math.max(Math.floor(scene.wide / 9) - 1, 1))}…` : token);

function paintGuess(j) {
    scene.parts[j].forEach((part, t) => {
        const step = net.steps[t], p = shares(step.y), best = p.indexOf(Math.max(...p)), isRight = step.share && best === step.given[1][0];
        part.text.textContent = shortened(seen(tokenOf(best)));
        part.text.setAttribute('class', isRight ? 'token middle-text right' : 'token middle-text');
        part.text.setAttribute('opacity', (0.35 + 0.65 * p[best]).toFixed(2));
        const wanted = step.given[1][0], sure = `${Math.round(100 * p[wanted])}%`;
        part.below.textContent = !step.share ? '' : scene.wide > 44 ? `${shortened(seen(tokenOf(wanted)))} ${sure}` : sure;
    });
}

function paintBack() {
    const most = finiteMost(net.steps.map((step) => step.d.before.map((g) => normOf([g]))));
    const real = data.states.map((s, k) => k).filter((k) => data.states[k].real);
    for (let t = 1; t < net.T; t++) {
        const { before } = net.steps[t].d, isCut = net.steps[t].isCut;
        real.forEach((k, n) => {
            const path = scene.back[t][k], size = normOf([before[n]]);
            if (!path) return;
            path.setAttribute('visibility', isCut || !(size > 0) ? 'hidden' : 'visible');
            path.setAttribute('stroke-width', (0.5 + 2.3 * level(size, most)).toFixed(2));
            path.setAttribute('opacity', (0.2 + 0.8 * level(size, most)).toFixed(2));
        });
        scene.cuts[t].setAttribute('visibility', isCut ? 'visible' : 'hidden');
    }
}

// A unit that is held at zero is crossed out.
function paintZeros() {
    scene.zeros.replaceChildren(...[...net.zeroed].flatMap((key) => {
        const [k, i, t] = key.split(':').map(Number), row = scene.rows.find((r) => r.kind === 'units' && r.state === k);
        if (!row || t >= net.T) return [];
        const tall = row.high / row.n, x = leftOf(t), y = row.y + i * tall;
        return [make('path', { class: 'off', d: `M${x} ${y}h${scene.wide}v${tall - 1}h${-scene.wide}zl${scene.wide} ${tall - 1}m0 ${1 - tall}l${-scene.wide} ${tall - 1}` })];
    }));
    at('restore').hidden = !net.zeroed.size;
}
