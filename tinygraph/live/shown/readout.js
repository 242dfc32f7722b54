// What is chosen: a row at a step, and a unit of it; told in words, and as a list with the numbers of all its units.
const chosen = { j: -1, t: 0, i: 0 };

function spotOf(target) {
    const text = target.getAttribute && target.getAttribute('data-at');
    if (!text) return null;
    const [j, t, i] = text.split(':').map(Number);
    return { j, t, i };
}

function choose(spot) {
    Object.assign(chosen, spot);
    tell();
    list();
    cursor();
}

function cursor() {
    const row = scene.rows[chosen.j];
    if (!row || chosen.t >= net.T) return scene.cursor.setAttribute('width', 0);
    const tall = row.kind === 'units' ? row.high / row.n : row.high, y = row.kind === 'units' ? row.y + chosen.i * tall : row.y;
    for (const [name, value] of Object.entries({ x: leftOf(chosen.t) - 2, y: y - 2, width: scene.wide + 4, height: tall + 3 })) {
        scene.cursor.setAttribute(name, value);
    }
}

const isZeroed = (row, t, i) => row.state >= 0 && net.zeroed.has(`${row.state}:${i}:${t}`);

function told({ j, t, i }) {
    const row = scene.rows[j];
    if (!net.updated) return say('A gradient is not finite, so no weight was changed: reset, or make a norm smaller.');
    if (!row || t >= net.T) return say('Click a unit of a state to set it to zero; drag an input; type, train, and watch.');
    const step = net.steps[t];
    if (row.kind === 'units') {
        const value = numbersOf(row, t, false)[i], gradients = numbersOf(row, t, true);
        const words = say('{0}[{1}] at t = {2}: value {3}', row.name, i, t, number(value, 4));
        const gradient = gradients ? say(', gradient {0}', number(gradients[i])) : '';
        const zero = isZeroed(row, t, i) ? say(', held at zero') : '';
        return words + gradient + zero;
    }
    if (row.kind === 'loss') return step.share ? say('loss at t = {0}: {1}', t, number(step.loss, 4)) : say('no loss at t = {0}', t);
    if (row.kind === 'norm') return say('{0} at t = {1}: {2}, the norm of the gradient of the loss', row.name, t, number(normOf([step.d.after[row.k]]), 4));
    if (row.kind === 'guess') return say('y at t = {0}: {1}', t, top(step.y, 3).map(([id, p]) => `${seen(tokenOf(id))} ${Math.round(100 * p)}%`).join(', '));
    if (row.kind === 'token') return say('x at t = {0}: {1}', t, seen(tokenOf(net.inputs[t])));
    const numbers = row.kind === 'input' ? net.inputs[t] : [...step.y];
    return say(row.kind === 'input' ? 'x at t = {0}: {1}' : 'y at t = {0}: {1}', t, numbers.map((v) => number(v)).join(', '));
}

const tell = (spot = chosen) => { at('readout').textContent = told(spot); };
const top = (logits, count) => shares(logits).map((p, id) => [id, p]).sort((a, b) => b[1] - a[1]).slice(0, count);

function list() {
    const row = scene.rows[chosen.j], box = at('box'), t = chosen.t;
    if (!row || t >= net.T || ['loss', 'norm', 'token', 'time'].includes(row.kind)) {
        at('box-title').textContent = say('A box');
        return box.replaceChildren(make('p', { class: 'hint' }, say('Choose a row at a step to see the numbers of its units.')));
    }
    at('box-title').textContent = say('{0} at t = {1}', row.name, t);
    if (row.kind === 'input') return box.replaceChildren(...net.inputs[t].map((v, o) => inputLine(t, o, v)));
    if (row.kind === 'guess') return box.replaceChildren(...top(net.steps[t].y, 6).map(([id, p]) => line(seen(tokenOf(id)), p, 1, [`${(100 * p).toFixed(1)}%`])));
    if (row.kind === 'curve') return box.replaceChildren(...[...net.steps[t].y].map((v, o) => line(`y[${o}]`, v, Math.abs(v), [number(v, 4)])));
    const values = numbersOf(row, t, false), gradients = numbersOf(row, t, true), reach = Math.max(finiteMost([values]), 1e-12);
    const head = make('div', { class: row.state >= 0 ? 'unit head to-zero' : 'unit head' });
    head.append(make('span'), make('span'), make('span', {}, say('value')), make('span', {}, gradients ? say('gradient') : ''));
    box.replaceChildren(head, ...[...values].map((v, i) => unitLine(row, t, i, v, gradients && gradients[i], reach)));
}

function line(name, value, reach, texts) {
    const element = make('div', { class: 'unit' }), part = make('svg', { viewBox: '0 0 100 14', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    const long = (Math.min(Math.abs(value) / (reach || 1), 1) || 0) * 50;
    part.append(make('path', { class: 'zero-line', d: 'M50 0V14' }), make('rect', { class: 'bar-unit', x: value < 0 ? 50 - long : 50, y: 3, width: long, height: 8 }));
    element.append(make('span', {}, name), part, ...texts.map((text, k) => make('span', k ? { class: 'g' } : {}, text)));
    return element;
}

function unitLine(row, t, i, value, gradient, reach) {
    const element = line(`${row.name}[${i}]`, value, reach, [number(value), gradient === null ? '' : number(gradient, 2)]);
    if (row.state >= 0 && data.states[row.state].real) {
        element.classList.add('to-zero');
        const off = isZeroed(row, t, i);
        const button = make('button', { type: 'button', 'aria-pressed': off, 'data-unit': i, 'aria-label': say('hold {0}[{1}] at zero', row.name, i) }, '0');
        button.addEventListener('click', () => zero(row.state, i, t));
        element.append(button);
    }
    return element;
}

function inputLine(t, o, value) {
    const element = make('label', { class: 'unit input' }), slider = make('input', { type: 'range', min: -2, max: 2, step: 0.01 });
    slider.value = value;
    const output = make('output', {}, number(value));
    slider.addEventListener('input', () => { output.textContent = number(+slider.value); chosen.isHeld = true; setInput(t, o, +slider.value); chosen.isHeld = false; });
    element.append(make('span', {}, `x[${o}]`), slider, output);
    return element;
}

function zero(k, i, t) {
    net.zero(k, i, t);
    const focused = document.activeElement && document.activeElement.dataset.unit;
    refresh();
    if (focused !== undefined) at('box').querySelector(`[data-unit="${focused}"]`)?.focus();
}
