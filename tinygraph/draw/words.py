"""The words that the library itself writes into pictures, in other languages: all of them pass through `told`."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, lru_cache

from .picture import Box, Part, Picture

LANGUAGES = ("en", "zh")

ZH = {
    # the margin
    "input": "输入",
    "state (crosses time)": "状态(跨越时间步)",
    "op": "运算",
    "loss": "损失",
    "parameter": "参数",
    "parameter of the op": "运算所用的参数",
    "gradient ∂ ‖norm‖, and its rule": "梯度 ∂ ‖范数‖ 及其法则",
    "left the loop (see its number)": "已移出循环(见编号)",
    "done by no action: see its tip": "没有动作执行(见提示)",
    "parameters": "参数",
    "(one copy each)": "(各只有一份)",
    "name": "名称",
    "shape": "形状",
    "uses": "次数",
    "full BPTT": "完整 BPTT",
    "by hand": "手写",
    "‖∂‖ cut": "‖∂‖ 截断",
    "‖∂‖ right": "‖∂‖ 正确",
    "‖∂‖, log scale": "‖∂‖,对数刻度",
    "red arrows: backward,": "红色箭头:反向传播,",
    "wide where much comes back": "越宽,传回的越多",
    "warm arrows": "暖色箭头",
    "run backward, wide where much comes back": "为反向传播,越宽传回的越多",
    "gradient exactly 0": "梯度恰为 0",
    "NaN or infinite": "NaN 或无穷大",
    r"and (\d+) more": r"另有 \1 个",
    r"(.*), full = (.*)": r"\1,满格 = \2",
    "FLOPs": "FLOP",
    "bytes where no FLOPs": "字节(无 FLOP 时)",
    "state, to the next step": "状态,传到下一步",
    "arrow of a state, to another step": "状态的箭头,传到另一步",
    "adds up to a parameter's ∂": "累加为参数的 ∂",
    "dashed: a value that the rule reads": "虚线:法则读取的值",
    "BPTT cut": "BPTT 截断",
    "gradient stops here": "梯度到此为止",
    "computational graph": "计算图",
    # columns, cards and notes
    "after: what is run": "之后:所执行的",
    "before: what was traced": "之前:所追踪的",
    "after": "之后",
    "cell": "单元",
    "loop": "循环",
    "loop backwards": "反向循环",
    "once": "一次",
    r"layer (\d+)": r"第 \1 层",
    r"(\d+) values?": r"\1 个值",
    "cut": "截断",
    r"cut (\d+)×": r"截断 \1 次",
    r"t = (\S+) only": r"仅 t = \1",
    r"fewer than (\d+) steps": r"少于 \1 步",
    "no verdict": "不作判断",
    r"(.*) at time s →": r"\1 在时刻 s →",
    "loss at t ↑": "t 时的损失 ↑",
    r"median by steps from (.*?)(?: →)?": r"按离\1的步数取中位数 →",
    "the loss": "损失",
    "vanishing": "消失",
    "falling": "减小",
    "steady": "平稳",
    "growing": "增大",
    "exploding": "爆炸",
    r"(.*): × (\S+) a step": r"\1:每步 × \2",
    r"(\S+)-fold less every (\S+) steps": r"每 \2 步减为 1/\1",
    r"(\S+)-fold more every (\S+) steps": r"每 \2 步增为 \1 倍",
    r"below (\S+): nothing left": r"低于 \1:已无所剩",
    # second lines of boxes
    "scalar": "标量",
    r"(.*) → scalar": r"\1 → 标量",
    "not computed": "未计算",
    r"(\d+) joined": r"\1 个合并",
    r"(\d+) of them": r"共 \1 个",
    r"(\d+) ops": r"\1 个运算",
    r"sum of (\d+)": r"\1 项之和",
    r"mean of (\d+)": r"\1 项平均",
    r"of (\d+)": r"共 \1 项",
    r"target ids (.*)": r"目标编号 \1",
    r"target zeros (.*)": r"目标 零 \1",
    r"target (.*)": r"目标 \1",
    "data": "数据",
    "zeros": "零",
    "state": "状态",
    r"data\[(.*)\]": r"数据[\1]",
    r"data (.*)": r"数据 \1",
    r"(\d+) ops in one pass": r"一遍完成 \1 个运算",
    "with less work": "工作量较小",
    r"(\d+) more": r"另 \1 个",
    "padding": "填充",
    # lines under the title
    r"(\d+) cells, each run for (.*)": r"\1 个单元,各运行于 \2",
    r"one cell, run for (.*)": r"一个单元,运行于 \1",
    "green arrows cross time": "绿色箭头跨越时间步",
    "red arrows cross one time step": "红色箭头跨越一个时间步",
    "‖∂‖ over all steps together": "‖∂‖ 为所有步合计",
    r"the dots are (\d+) steps of (\d+)": r"省略号代表 \2 步中的 \1 步",
    r"truncated BPTT, k = (\d+)": r"截断 BPTT,k = \1",
    "truncated BPTT": "截断 BPTT",
    r"‖∂ loss at t / ∂ (.*) at s‖": r"‖∂ t 时的损失 / ∂ s 时的 \1‖",
    r"(\d+) ops traced, (\d+) actions run": r"追踪 \1 个运算,执行 \2 个动作",
    r"(\d+) ops left their loop, (\d+) are done by no action": r"\1 个运算移出循环,\2 个无动作执行",
    r"(.*) a call before, (.*) after": r"每次调用之前 \1,之后 \2",
    r"the last (\d+) of (\d+) steps": r"\2 步中的最后 \1 步",
    r"the first (\d+) of (\d+) states": r"\2 个状态中的前 \1 个",
    r"every (\d+)\w\w step": r"每 \1 步取一步",
    r"unrolled, for (.*)": r"展开,因为\1",
    "no time steps are marked": "没有标记时间步",
    "no part of it repeats over time": "没有随时间重复的部分",
    # plain text
    "time:": "时间:",
    "start:": "初始:",
    "parameters:": "参数:",
    "(--|-> BPTT cut: the gradient stops here)": "(--|-> BPTT 截断:梯度到此为止)",
    "-   done by no action": "-   没有动作执行",
    "[n] left its loop": "[n] 已移出循环",
    "what does it now has the same number": "现在执行它的动作有相同编号",
    "changed by the passes:": "各遍所做的改动:",
    r"loop × (\d+):": r"循环 × \1:",
    r"loop backwards × (\d+):": r"反向循环 × \1:",
    r"(\d+) products of one operand (.*) are one, with weights joined side by side": r"同一操作数 \2 的 \1 个乘积合为一个,权重并排",
    r"a sum of (\d+) products is one, with weights joined on end: (.*)": r"\1 个乘积之和合为一个,权重首尾相接:\2",
    r"a sum over (\d+) steps of products (.*) is one product over (\d+) rows": r"\1 步乘积 \2 之和是一个 \3 行的乘积",
    r"(.*) is done once for all (\d+) steps": r"\1 对全部 \2 步只做一次",
    r"(.*) is done once after all (\d+) steps": r"\1 在全部 \2 步之后只做一次",
    # the page
    "Parameters": "参数",
    "one copy each": "各只有一份",
    "Legend": "图例",
    "Keys": "按键",
    "Explore": "探索",
    "tools of the picture": "图的工具",
    "Search boxes by name": "按名称搜索方框",
    "Search  ( / )": "搜索 ( / )",
    "walk backward (←)": "向后走 (←)",
    "← backward": "← 反向",
    "walk by itself (p)": "自动走 (p)",
    "play": "播放",
    "stop": "停止",
    "walk forward (→)": "向前走 (→)",
    "forward →": "正向 →",
    "fold all steps": "折叠所有步",
    "fold all": "全部折叠",
    "unfold all steps (u)": "展开所有步 (u)",
    "unfold all": "全部展开",
    "zoom out": "缩小",
    "zoom out (−)": "缩小 (−)",
    "zoom in": "放大",
    "zoom in (+)": "放大 (+)",
    "first view (0); again: all of it": "初始视图 (0),再按:全图",
    "fit": "适应",
    "light or dark": "浅色或深色",
    "light": "浅色",
    "dark": "深色",
    "walk forward, backward": "向前、向后走",
    "first and last box": "第一个和最后一个方框",
    "fold the step of the box; unfold a strip": "折叠方框所在的步,展开条带",
    "zoom in, out, fit": "放大、缩小、适应",
    "search": "搜索",
    "replay training": "回放训练",
    "moment of training": "训练的时刻",
    "loss over the snapshots": "各快照的损失",
    "kind": "种类",
    "settings": "设置",
    "step t": "步 t",
    "scope": "作用域",
    "order": "顺序",
    "value": "值",
    "elements": "元素",
    "mean": "均值",
    "deviation": "标准差",
    "range": "范围",
    "not finite": "非有限",
    "gradient norm ‖∂‖": "梯度范数 ‖∂‖",
    "forward": "正向",
    "backward: local gradient, gz comes from above": "反向:局部梯度,gz 来自上方",
    "comes back": "传回",
    "arrow": "箭头",
    "boxes": "方框",
    "click to unfold this step": "点击展开此步",
    "click to fold this step away": "点击折叠此步",
    "Point at a box to see its numbers.": "指向方框可看它的数值。",
    "Press → to walk in the order of computation, ← to follow the gradient back.": "按 → 沿计算顺序前进,按 ← 随梯度返回。",
    "Point at a square to read its number.": "指向方格可读它的数值。",
    "Click a time step to fold it.": "点击时间步可折叠。",
    "Wheel zooms, drag moves, 0 resets.": "滚轮缩放,拖动移动,0 复位。",
    "found": "个已找到",
    "nothing found": "没有找到",
    # told to who does not see it, and tips
    r"boxes: (.*)": r"方框:\1",
    r"columns: (.*) to (.*)": r"列:\1 至 \2",
    r"columns: (.*)": r"列:\1",
    r"(\d+) tiles": r"\1 个色块",
    r"(\d+) arrows": r"\1 条箭头",
    r"parameters: (.*)": r"参数:\1",
    r"gradient norms from (.*) to (.*)": r"梯度范数从 \1 到 \2",
    r"(\d+) cuts of the gradient through time": r"梯度沿时间被截断 \1 处",
    "stop_gradient: nothing comes back": "stop_gradient:没有梯度传回",
    "made of constants alone: computed once, when compiled": "仅由常数构成:编译时计算一次",
    "places in memory alone: no number is computed": "只是内存位置:不计算数值",
    "equal to another op: done once": "与另一个运算相同:只做一次",
    "changes nothing: its input is used in its place": "不改变任何东西:直接使用其输入",
    "to the next step": "传到下一步",
}
"""Maps English texts, as regular expressions of a whole text or of a part between dots, to Chinese."""


@cache
def _patterns() -> dict[re.Pattern[str], str]:
    return {re.compile(pattern): words for pattern, words in ZH.items() if "(.*)" in pattern or "(\\" in pattern}


@lru_cache(maxsize=4096)
def told(text: str, lang: str) -> str:
    """Returns a text of the library in another language; what is no such text stays as it is."""
    if lang == "en" or not text:
        return text
    if text in ZH:
        return ZH[text]
    for sign, other in (("\n", "\n"), ("; ", ";"), (" · ", " · ")):
        if sign in text:
            return other.join(told(part, lang) for part in text.split(sign))
    matches = ((form.fullmatch(text), words) for form, words in _patterns().items())
    return next((_filled(match, words, lang) for match, words in matches if match), text)


def _filled(match: re.Match[str], words: str, lang: str) -> str:
    """Returns words with the parts of a match, which may be words of ours themselves."""
    return re.sub(r"\\(\d)", lambda number: told(match[int(number[1])] or "", lang), words)


def translated(picture: Picture, lang: str) -> Picture:
    """Returns a picture with all the words that views wrote into it in another language; names stay."""
    return replace(
        picture,
        lang=lang,
        boxes=[_box(box, lang) for box in picture.boxes],
        arrows=[replace(x, tip=told(x.tip, lang)) for x in picture.arrows],
        bands=[replace(x, title=told(x.title, lang)) for x in picture.bands],
        notes=[replace(x, text=told(x.text, lang)) for x in picture.notes],
        tiles=[replace(x, tip=told(x.tip, lang), text=told(x.text, lang)) for x in picture.tiles],
        keys=[(colour, told(words, lang)) for colour, words in picture.keys],
        uses=[replace(x, shape=told(x.shape, lang), norm=x.norm and told(x.norm, lang)) for x in picture.uses],
        subtitle=told(picture.subtitle, lang),
        plain_text=[_line(line, lang) for line in picture.plain_text],
    )


def _line(line: str, lang: str) -> str:
    bare = line.strip()
    return line.replace(bare, told(bare, lang)) if bare else line


def _box(box: Box, lang: str) -> Box:
    """Returns a box in another language; a name that is like one of our words is the user's and stays."""
    named = box.node is not None and bool((box.node.name or "").strip())
    title = (
        box.title if named else [Part(told(x.text, lang) if x.kind == "text" else x.text, x.kind) for x in box.title]
    )
    return replace(box, title=title, below=told(box.below, lang), tip=[told(line, lang) for line in box.tip])
