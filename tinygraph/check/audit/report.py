"""The report of an audit: the table, the lines, the repairs, and what could not be judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...core.errors import GraphError, plain
from ...draw.drawing import Drawing
from .findings import Finding, indented
from .marks import Marks
from .mended import Repair, diff
from .table import TableRow


@dataclass(frozen=True)
class AuditReport:
    """What an audit says.

    Attributes:
        loss: the loss that the gradients were held against, in words.
        rows: each gradient at each number of steps.
        findings: the lines that are wrong, the first to be mended first.
        repairs: edits that make the gradients right, each proven at two numbers of steps.
        notes: what else was seen, and what could not be judged, and why.
        marks: what the picture shows; a copy has none.
    """

    loss: str
    rows: tuple[TableRow, ...]
    findings: tuple[Finding, ...]
    repairs: tuple[Repair, ...]
    notes: tuple[str, ...]
    marks: Callable[[], Marks] | None = field(default=None, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """Whether all gradients are right."""
        return all(row.right for row in self.rows)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The parameters whose gradient is wrong at some number of steps."""
        return tuple(dict.fromkeys(row.parameter for row in self.rows if not row.right))

    def picture(self) -> Drawing:
        """The unrolled graph with its right gradients, and where the hand-written ones depart from them.

        A number over a box is the line that makes its gradient. Where the first finding is, the arrow of the gradient
        is wide and of another colour; those of the others are narrower. The table shows both norms of each parameter.

        Returns:
            a `Drawing`: ``.save("audit.svg")``, ``.text()``.

        Raises:
            GraphError: the report is a copy or was unpickled.
        """
        if self.marks is None:
            raise GraphError("audit: a copy of a report has no picture", fix="draw the report of tg.check.audit itself")
        from .picture import drawn

        return drawn(self.marks(), self.findings, self._heading())

    def _repr_html_(self) -> str:
        """The report in a notebook."""
        from .page import page

        return page(self._heading(), self.loss, self.rows, self.findings, self.repairs, self.notes)

    def __reduce__(self) -> tuple[Any, ...]:
        return AuditReport, (self.loss, self.rows, self.findings, self.repairs, self.notes)

    def _heading(self) -> str:
        return "all gradients are right" if self.passed else f"wrong gradients: {', '.join(self.wrong)}"

    def __str__(self) -> str:
        parts = [f"audit: {self._heading()}, for {self.loss}", self._table()]
        parts += [
            f"line {k + 1} of {len(self.findings)} to look at\n{indented(str(f))}" for k, f in enumerate(self.findings)
        ]
        parts += [self._repaired()] if self.repairs else []
        parts += ["\n".join(f"note: {note}" for note in self.notes)] if self.notes else []
        return "\n".join(map(plain, "\n\n".join(parts).split("\n")))

    __repr__ = __str__

    def _table(self) -> str:
        """The rows of what is wrong, or worth a word; of the others the names."""
        told = [row for row in self.rows if row.parameter in self.wrong or row.name]
        width = max([9, *(len(row.parameter) for row in told)])
        lines = [f"{'parameter':<{width}}  {'T':>3}  {'error':>8}  {'cosine':>8}  {'scale':>9}"] if told else []
        for row in told:
            steps = "-" if row.steps is None else str(row.steps)
            numbers = f"{row.error:8.1e}  {row.cosine:8.5f}  {row.scale:9.4g}"
            words = row.name or ("" if row.right else "wrong")
            lines.append(f"{row.parameter:<{width}}  {steps:>3}  {numbers}  {words}".rstrip())
        named = {row.parameter for row in told}
        others = dict.fromkeys(row.parameter for row in self.rows if row.parameter not in named)
        steps = ", ".join(dict.fromkeys(str(row.steps) for row in self.rows if row.steps is not None))
        at = f" at T = {steps}" if steps else ""
        return "\n".join([*lines, *([f"right{at}: {', '.join(others)}"] if others else [])])

    def _repaired(self) -> str:
        alone = [r for r in self.repairs if r.alone]
        head = "repair, each by itself makes all gradients right" if len(alone) > 1 else "repair"
        steps = " and ".join(f"T = {t}" for t in self.repairs[0].proven_at) or "two draws of numbers"
        return "\n".join([f"{head}, proven at {steps}:", *(indented(diff(r)) for r in self.repairs)])
