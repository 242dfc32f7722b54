// Buttons, sliders, and the text.
let running = 0;

function refresh() {
    net.updated = true;
    net.run();
    if (scene.T !== net.T) build();
    show();
}

// Everything that shows numbers.
function show() {
    paint();
    at('updates').textContent = net.losses.length;
    at('loss').textContent = number(net.loss, 4);
    at('norm').textContent = number(net.norm);
    sliders();
    tell();
    cursor();
    if (!chosen.isHeld) list();
}

function sliders() {
    at('length-now').textContent = net.T;
    at('cut-now').textContent = net.cut >= net.T ? say('none') : net.cut;
    at('clip-now').textContent = net.clip === Infinity ? say('nothing') : number(net.clip, 2);
    if (data.rate) at('rate-now').textContent = number(net.model[data.rate], 2);
    const k = +at('weight').value, norm = net.weightNorm(k);
    at('scale-now').textContent = number(norm);
    if (document.activeElement !== at('scale')) at('scale').value = norm > 0 ? Math.log2(norm / net.firstNorms[k]) : 0;
    at('scale').disabled = !(norm > 0);
}

function legend() {
    const bar = (stops) => {
        const strip = make('svg', { width: 72, height: 12, 'aria-hidden': 'true' });
        for (let k = 0; k < 24; k++) strip.append(make('rect', { x: 3 * k, width: 3.4, height: 12, fill: mixed(stops, k / 23) }));
        return strip;
    };
    const entry = (picture, words) => { const span = make('span'); span.append(picture, make('span', {}, words)); return span; };
    const arrow = (kind, d) => { const p = make('svg', { width: 26, height: 12, 'aria-hidden': 'true' }); p.append(make('path', { class: kind, d })); return p; };
    const back = arrow('back', 'M25 6H3m4 -4l-4 4l4 4');
    back.firstChild.setAttribute('stroke-width', 2);
    const hasGates = data.rows.some((row) => row.kind === 'gate');
    at('legend').replaceChildren(
        ...(view.gradients ? [entry(bar(isDark() ? HEAT_DARK : HEAT), say('gradient: six powers of ten'))]
            : [entry(bar(isDark() ? SIGNED_DARK : SIGNED), say('− 0 + value')), ...(hasGates ? [entry(bar(isDark() ? OPEN_DARK : OPEN), say('gate: closed to open'))] : [])]),
        entry(arrow('forward', 'M1 6H20m-5 -4l5 4l-5 4'), say('state to the next step')), entry(back, say('gradient back')),
        ...(data.loss === 'squared' && data.outputs <= 4 ? [entry(dot(), say('target'))] : []));
}

function dot() {
    const picture = make('svg', { width: 12, height: 12, 'aria-hidden': 'true' });
    picture.append(make('circle', { class: 'wanted', cx: 6, cy: 6, r: 4 }));
    return picture;
}

function press() {
    at('values').setAttribute('aria-pressed', !view.gradients);
    at('gradients').setAttribute('aria-pressed', view.gradients);
    at('every').setAttribute('aria-pressed', !net.lastOnly);
    at('final').setAttribute('aria-pressed', net.lastOnly);
    at('run').textContent = running ? say('pause') : say('train');
    at('run').setAttribute('title', say('train or pause (p)'));
}

function train() {
    net.train();
    show();
}

function play() {
    if (running) { cancelAnimationFrame(running); running = 0; return press(); }
    const step = () => {
        train();
        running = net.updated ? requestAnimationFrame(step) : 0;
        if (!running) press();
    };
    running = requestAnimationFrame(step);
    press();
}

function reset() {
    if (running) play();
    net.reset();
    scene.reachOfLoss = 0;
    show();
}

// A text as ids: characters, or words and symbols as `tg.train.Words` tells them apart.
function idsOf(text) {
    const ids = new Map(data.tokens.map((token, id) => [token, id]));
    const single = '[\\u3005-\\u3007\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff]\\p{M}*';
    const word = '(?:(?![\\u3005-\\u3007\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff])[\\p{L}\\p{N}_]\\p{M}*)+';
    const form = new RegExp(`${single}|${word}(?:['’]${word})*|[^\\p{L}\\p{N}_\\s]\\p{M}*`, 'gu');
    const plain = text.normalize('NFC');
    const tokens = !data.words ? [...text] : (data.words === 'lower' ? plain.toLowerCase() : plain).match(form) || [];
    return tokens.map((token) => ids.get(token) ?? 0);
}

function typed() {
    const ids = idsOf(at('text').value);
    if (ids.length < 1) return;
    net.zeroed.clear();
    if (data.follows) net.enter(ids, ids.map((_, t) => ids[t + 1] ?? 0), ids.map((_, t) => +(t + 1 < ids.length)));
    else net.enter(ids, ids.map(() => data.targets[data.targets.length - 1]), ids.map((_, t) => +(t === ids.length - 1)));
    net.cut = Infinity;
    ranges();
    refresh();
}

function ranges() {
    const T = net.inputs.length;
    Object.assign(at('length'), { max: T, value: net.T });
    Object.assign(at('cut'), { max: T, value: Math.min(net.cut, T) });
}

function wire() {
    const on = (id, kind, deed) => at(id).addEventListener(kind, deed);
    on('run', 'click', play);
    on('once', 'click', train);
    on('reset', 'click', reset);
    on('values', 'click', () => colourBy(false));
    on('gradients', 'click', () => colourBy(true));
    on('every', 'click', () => { net.lastOnly = false; press(); refresh(); });
    on('final', 'click', () => { net.lastOnly = true; press(); refresh(); });
    on('length', 'input', () => { net.T = +at('length').value; refresh(); });
    on('cut', 'input', () => { net.cut = +at('cut').value >= net.inputs.length ? Infinity : +at('cut').value; refresh(); });
    on('clip', 'input', () => { net.clip = +at('clip').value >= 2 ? Infinity : 10 ** at('clip').value; sliders(); });
    on('rate', 'input', () => { net.model[data.rate] = 10 ** at('rate').value; sliders(); });
    on('weight', 'change', sliders);
    on('scale', 'input', () => { const k = +at('weight').value; net.scale(k, net.firstNorms[k] * 2 ** at('scale').value); refresh(); });
    on('restore', 'click', () => { net.zeroed.clear(); refresh(); });
    on('text', 'input', typed);
}

function colourBy(gradients) {
    view.gradients = gradients;
    press();
    legend();
    show();
}
