// The picture under a mouse, a finger and keys.
const KEYS = [['← →', 'a step back, ahead'], ['↑ ↓', 'a unit up, down'], ['Page ↑ ↓', 'a row up, down'], ['Enter', 'set a unit of a state to zero, or restore it'],
    ['p', 'train or pause'], ['s', 'one update'], ['r', 'weights as at first'], ['g', 'values or gradients']];

function keyList() {
    at('keys').replaceChildren(...KEYS.flatMap(([key, words]) => {
        const term = make('dt');
        term.append(make('kbd', {}, key));
        return [term, make('dd', {}, say(words))];
    }));
}

function toggle({ j, t, i }) {
    const row = scene.rows[j];
    if (row && row.kind === 'units' && row.state >= 0 && data.states[row.state].real) zero(row.state, i, t);
}

const isShown = (row) => row.kind !== 'time';

function move(key) {
    if (chosen.j < 0) return choose({ j: scene.rows.findIndex((row) => row.state >= 0), t: 0, i: 0 });
    const row = scene.rows[chosen.j], count = row.kind === 'units' ? row.n : 1;
    let { j, t, i } = chosen;
    const down = { ArrowDown: 1, ArrowUp: -1, PageDown: 1, PageUp: -1 }[key];
    if (key === 'ArrowRight') t = Math.min(t + 1, net.T - 1);
    else if (key === 'ArrowLeft') t = Math.max(t - 1, 0);
    else if (key.startsWith('Arrow') && i + down >= 0 && i + down < count) i += down;
    else {
        do j += down; while (scene.rows[j] && !isShown(scene.rows[j]));
        if (!scene.rows[j]) return;
        i = down < 0 && key === 'ArrowUp' && scene.rows[j].kind === 'units' ? scene.rows[j].n - 1 : 0;
    }
    choose({ j, t, i });
    const x = leftOf(t), scroll = at('scroll');
    if (x < scroll.scrollLeft) scroll.scrollLeft = x - 8;
    if (x + scene.wide > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x + scene.wide - scroll.clientWidth + 8;
}

function listen() {
    const picture = at('picture');
    picture.addEventListener('click', (event) => {
        const spot = spotOf(event.target);
        if (!spot) return;
        choose(spot);
        toggle(spot);
    });
    picture.addEventListener('pointerover', (event) => { const spot = spotOf(event.target); if (spot) tell(spot); });
    picture.addEventListener('pointerleave', () => tell());
    picture.addEventListener('keydown', (event) => {
        if (event.key.startsWith('Arrow') || event.key.startsWith('Page')) move(event.key);
        else if (event.key === 'Enter' || event.key === ' ') toggle(chosen);
        else return;
        event.preventDefault();
    });
    document.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
        const deeds = { p: play, s: train, r: reset, g: () => colourBy(!view.gradients) };
        if (deeds[event.key]) deeds[event.key]();
    });
    dragging();
}
