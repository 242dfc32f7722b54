"""While columns are folded nothing beside them lies on another, openings cut no words, and arrows keep to both."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from tests.each import each

from .pages import camera, frames

SPOTS = """() => {
    const spot = part => { const r = part.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
    const all = (query, of = document) => [...of.querySelectorAll(query)].map(spot);
    const {boxes: known, arrows: ends} = JSON.parse(document.getElementById('data').textContent);
    const seen = [...document.querySelectorAll('#world .a')].filter(path => path.getBoundingClientRect().width);
    const ways = seen.map(path => {
        const map = path.getScreenCTM(), way = path.getAttribute('d').match(/-?[\\d.]+/g).map(Number);
        const points = [way.slice(0, 2)];
        for (let k = 0; k + 7 < way.length; k += 6) {
            const [x0, y0, x1, y1, x2, y2, x3, y3] = way.slice(k, k + 8);
            const long = Math.hypot(x1 - x0, y1 - y0) + Math.hypot(x2 - x1, y2 - y1) + Math.hypot(x3 - x2, y3 - y2);
            const parts = Math.ceil(long * map.a / 4);
            for (let n = 1; n <= parts; n++) {
                const t = n / parts, of = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
                points.push([[x0, x1, x2, x3], [y0, y1, y2, y3]].map(v => v.reduce((sum, x, i) => sum + x * of[i], 0)));
            }
        }
        const [tail, head] = ends[path.id.slice(1)], steps = [tail, head].map(i => known[i].column);
        return {ends: [tail, head], steps, points: points.map(([x, y]) => [map.a * x + map.e, map.d * y + map.f])};
    });
    const boxes = [...document.querySelectorAll('#loose > .b')];
    return {
        boxes: boxes.map(b => [
            +b.id.slice(1), spot(b.querySelector('[stroke]')), all('text', b), all('rect:not([stroke]):not(.chip)', b)
        ]),
        openings: all('#loose .opening'),
        notes: all('#world .note'),
        badges: all('#world .badge'),
        strips: [...document.querySelectorAll('.strip > rect:not([data-i])')]
            .map(rect => [+rect.parentNode.dataset.c, spot(rect)]),
        rims: [...document.querySelectorAll('#loose > .tile:has(rect[stroke])')].map(spot),
        heads: [...document.querySelectorAll('#world .note')].filter(n => n.getAttribute('font-size') > 13).map(spot),
        ways,
    };
}"""
PLACES = """() => [...document.querySelectorAll('#world :is(.b, .tile, .note, .cut, .col, .gap)')].map(part => {
    const place = (part.getAttribute('transform') || '0 0').match(/-?[\\d.]+/g) || [];
    return [...place, ...[...part.querySelectorAll('rect')].map(r => r.getAttribute('width'))].map(Number);
})"""
Spot = list[float]
HEAD = 12.0


def meet(a: Spot, b: Spot, least: float = 0.5) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > least and min(a[3], b[3]) - max(a[1], b[1]) > least


def within(point: list[float], spot: Spot, room: float) -> bool:
    return spot[0] + room < point[0] < spot[2] - room and spot[1] + room < point[1] < spot[3] - room


def untidy(page: Any, seen: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """What lies on something else, with the numbers of its boxes."""
    seen, head = seen or page.evaluate(SPOTS), HEAD * camera(page)[0]
    boxes, openings = {i: spot for i, spot, *_ in seen["boxes"]}, seen["openings"]
    out: list[tuple[Any, ...]] = [("boxes", i, j) for i, j in combinations(boxes, 2) if meet(boxes[i], boxes[j])]
    out += [("notes", a, b) for a, b in combinations(seen["notes"], 2) if meet(a, b)]
    for i, spot, texts, cores in seen["boxes"]:
        out += [("words out of box", i) for text in texts if text[0] < spot[0] or spot[2] < text[2]]
        out += [("opening in words", i) for a in [*texts, *cores] for b in openings if meet(a, b)]
    stands = [*boxes.items(), *seen["strips"], *(("badge", x) for x in seen["badges"])]
    out += [("badge over", i) for badge in seen["badges"] for i, spot in stands if spot != badge and meet(badge, spot)]
    out += [("frame without box",)] * sum(
        all(max(abs(a - b) for a, b in zip(rim, spot, strict=True)) > head for spot in boxes.values())
        for rim in seen["rims"]
    )
    for way in seen["ways"]:
        passed = [*(("head", x) for x in seen["heads"]), *(("badge", x) for x in seen["badges"])]
        passed += [(f"strip {c}", spot) for c, spot in seen["strips"] if c not in way["steps"]]
        out += [
            ("arrow", *way["ends"], "over", name)
            for name, spot in passed
            if any(within(p, spot, 0) for p in way["points"])
        ]
        for i in set(boxes) - set(way["ends"]):
            struck = [
                p for p in way["points"] if within(p, boxes[i], 2) and not any(within(p, o, -2) for o in openings)
            ]
            out += [("arrow", *way["ends"], "over", i)] * bool(struck)
        for i, point in zip(way["ends"], (way["points"][0], way["points"][-1]), strict=True):
            if i in boxes and not boxes[i][0] - head < point[0] < boxes[i][2] + head:
                out.append(("arrow", *way["ends"], "beside", i))
    return out


KINDS = ("boxes", "openings", "ways", "heads", "badges", "rims")


@each(
    "name, least",
    [
        ("bars", (11, 5, 41, 0, 0, 0)),
        ("phases", (11, 5, 41, 2, 0, 0)),
        ("context", (9, 1, 41, 0, 1, 0)),
        ("pair", (18, 2, 41, 2, 2, 4)),
        ("unlike", (5, 0, 41, 2, 0, 4)),
        ("alike", (5, 0, 41, 2, 0, 4)),
        ("aside", (6, 0, 11, 2, 2, 2)),
    ],
)
def test_where_columns_are_folded_nothing_over_them_lies_on_anything_else(visit, name, least):
    page = visit(name, size=(1900, 1100))
    seen = page.evaluate(SPOTS)
    assert all(len(seen[kind]) >= n for kind, n in zip(KINDS, least, strict=True))
    assert len(seen["heads"]) == least[3]
    assert untidy(page, seen) == []
    for click in ("#shut", ".strip >> nth=2 >> rect >> nth=0", ".strip >> nth=0 >> rect >> nth=0", "#shut"):
        page.click(click)
        frames(page)
        wrong = untidy(page)
        assert wrong == [], (click, wrong)


def test_unfolded_again_everything_is_where_it_was(visit):
    page = visit("bars")
    before = page.evaluate(PLACES)
    page.click("#shut")
    frames(page)
    assert page.evaluate(PLACES) != before
    page.click("#open")
    frames(page)
    assert page.evaluate(PLACES) == before


def drag(page: Any, start: int, end: int) -> None:
    """Move the view to the left or the right."""
    page.mouse.move(start, 450)
    page.mouse.down()
    page.mouse.move(end, 450, steps=3)
    page.mouse.up()
    frames(page)


def test_the_words_of_a_bar_pass_its_openings_when_the_view_moves(visit):
    page = visit("bars", size=(700, 900))
    for _ in range(4):
        page.keyboard.press("+")
    places = set()
    for _ in range(12):
        drag(page, 500, 440)
        seen = page.evaluate(SPOTS)
        for i, spot, texts, cores in seen["boxes"]:
            assert not any(meet(a, b) for a in [*texts, *cores] for b in seen["openings"]), i
            assert all(abs(core[0] + core[2] - text[0] - text[2]) < 2 for core in cores for text in texts), i
            places |= {round(text[0] - spot[0]) for text in texts if cores}
    assert len(places) > 4, "they follow the view"


def test_a_number_at_an_arrow_between_two_folded_steps_goes_with_it(visit):
    page = visit("cells")
    columns, numbers = page.locator(".col").count(), page.locator(".gap .note:visible").count()
    assert numbers >= columns - 1
    page.click("#shut")
    frames(page)
    assert page.locator(".gap .note:visible").count() == 0


def test_words_of_a_bar_whose_end_alone_is_seen_stay_in_it(visit):
    page = visit("rnn", size=(700, 900))
    for _ in range(4):
        page.keyboard.press("+")
    for _ in range(45):
        drag(page, 300, 325)
        for i, spot, texts, _cores in page.evaluate(SPOTS)["boxes"]:
            assert all(spot[0] <= text[0] and text[2] <= spot[2] for text in texts), i
