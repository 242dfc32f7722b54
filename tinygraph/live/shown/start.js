// The first view.
function spoken() {
    words();
    press();
    legend();
    keyList();
    at('theme').textContent = isDark() ? say('light') : say('dark');
    show();
}

function themed() {
    at('theme').textContent = isDark() ? say('light') : say('dark');
    legend();
    show();
}

function begin() {
    at('typing').hidden = !data.tokens;
    at('losing').hidden = data.last;
    at('rating').hidden = !data.rate;
    if (data.rate) at('rate').value = Math.log10(net.model[data.rate]);
    if (data.tokens) at('text').value = data.inputs.map(tokenOf).join(data.words ? ' ' : '');
    net.firstNorms = data.weights.map((_, k) => net.weightNorm(k) || 1);
    data.weights.forEach((w, k) => at('weight').append(make('option', { value: k }, w.name)));
    const square = data.weights.findIndex((w) => /hh/.test(w.name) && w.shape.length === 2);
    at('weight').value = Math.max(square, 0);
    ranges();
    wire();
    listen();
    net.run();
    build();
    spoken();
    at('lang').addEventListener('click', () => { lang = lang === 'zh' ? 'en' : 'zh'; spoken(); });
    at('theme').addEventListener('click', () => { document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'; themed(); });
    night.addEventListener('change', themed);
    let wide = at('stage').clientWidth;
    new ResizeObserver(() => {
        if (at('stage').clientWidth === wide) return;
        wide = at('stage').clientWidth;
        build();
        show();
    }).observe(at('stage'));
    // For a reader at the console: `live.net` has all numbers, `live.refresh()` shows what was changed.
    globalThis.live = { net, data, refresh };
    document.body.dataset.ready = '';
}
begin();
