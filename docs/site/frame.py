"""The frame around Chinese pages in Chinese: the words of Furo, which has no translations."""

from __future__ import annotations

import re
from pathlib import Path

WORDS = {
    "Auto light/dark, in dark mode": "跟随系统，现在是深色",
    "Auto light/dark, in light mode": "跟随系统，现在是浅色",
    "Back to top": "回到顶部",
    "Contents": "目录",
    "Dark mode": "深色",
    "Expand": "展开",
    "Hide navigation sidebar": "收起导航栏",
    "Hide table of contents sidebar": "收起目录栏",
    "Home": "首页",
    "Light mode": "浅色",
    "Made with": "制作工具",
    "Menu": "菜单",
    "Next": "下一页",
    "On this page": "本页内容",
    "Ops": "算子",
    "Previous": "上一页",
    "Reference": "参考",
    "Search": "搜索",
    "Skip to content": "跳到正文",
    "Toggle Light / Dark / Auto color theme": "切换浅色、深色或跟随系统",
    "Toggle navigation of Reference": "展开或收起参考",
    "Toggle site navigation sidebar": "打开或收起导航栏",
    "Toggle table of contents sidebar": "打开或收起目录栏",
}
_TOLD = re.compile(rf"""(>\s*|(?:aria-label|title|placeholder)=")({"|".join(map(re.escape, WORDS))})(?=\s*<|")""")
_ARTICLE = re.compile(r"(<article[\s>].*?</article>)", re.S)


def in_chinese(folder: Path) -> None:
    """Translates the frame of every page of a folder; what stands in the article stays."""
    for page in folder.rglob("*.html"):
        parts = _ARTICLE.split(page.read_text(encoding="utf-8"))
        parts[::2] = [_TOLD.sub(lambda m: m[1] + WORDS[m[2]], part) for part in parts[::2]]
        page.write_text("".join(parts), encoding="utf-8")
