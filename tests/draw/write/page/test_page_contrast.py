"""All texts of a page stand out from what is behind them, 4.5 : 1, by day and by night."""

from __future__ import annotations

from typing import Any

import pytest

FAINT = """() => {
    const parse = css => (css.match(/[\\d.]+/g) || []).map(Number);
    const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const bright = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
    const opaque = css => { const c = parse(css); return c.length === 3 || c[3] > 0.9 ? c : null; };
    const ground = text => {
        if (text.namespaceURI.endsWith('svg')) {
            const chip = text.matches('.gold') && text.previousElementSibling;
            const box = text.closest('.b, .tile, .strip, .cut');
            const column = text.closest('.head') && text.closest('.col');
            const shape = chip || (box || column)?.querySelector(box ? 'rect' : '.band');
            const fill = shape && opaque(getComputedStyle(shape).fill);
            if (fill) return fill;
        }
        for (let x = text; x; x = x.parentElement) {
            const colour = opaque(getComputedStyle(x).backgroundColor);
            if (colour) return colour;
        }
        return [255, 255, 255];
    };
    const faint = [];
    const look = (text, css, words) => {
        const pair = [bright(parse(css)), bright(ground(text))].sort((a, b) => a - b);
        if (pair[1] / pair[0] < 4.5) faint.push(`${words.slice(0, 30)} ${(pair[1] / pair[0]).toFixed(2)}`);
    };
    const own = x => [...x.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    for (const x of document.querySelectorAll('body *')) {
        if (!x.getClientRects().length || !own(x) || x.matches('title, script, style, .unseen')) continue;
        const style = getComputedStyle(x);
        look(x, x.namespaceURI.endsWith('svg') ? style.fill : style.color, x.textContent);
        if (+style.opacity < 1) faint.push(`${x.textContent} faded`);
    }
    for (const x of document.querySelectorAll('input[placeholder]')) {
        if (x.getClientRects().length) look(x, getComputedStyle(x, '::placeholder').color, x.placeholder);
    }
    return faint;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_by_day_and_by_night(visit: Any, scheme: str) -> None:
    for name in ("rnn", "train", "flow", "plain", "rolled", "compiled"):
        page = visit(name, color_scheme=scheme)
        for opener in page.locator("summary").all():
            opener.click()
        assert page.evaluate(FAINT) == [], name
        if name in ("rnn", "flow"):
            page.locator(".b, .tile").last.hover()
            assert page.evaluate(FAINT) == [], name
