"""Names: what an argument of a method is meant to be, told from what people call it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ...core.errors import GraphError
from .calls import KINDS, UPDATES

INPUTS, TARGETS, OUTPUTS, SLOPE = "inputs", "targets", "outputs", "the gradient of the outputs"
RATE, CLIP = "the learning rate", "the limit of a clipping"
_WORDS = {
    INPUTS: "x xs input inputs inp inps xseq inputseq seq sequence sequences data inputdata xdata words tokens "
    "sentence xbatch batchx xin inseq inputsequence features",
    TARGETS: "y ys t ts target targets tgt label labels ytrue truey ytarget expected desired truth d tags tag ybatch "
    "batchy answer answers gold groundtruth targetseq ydata goal",
    OUTPUTS: "out outs output outputs o os ypred yhat yhats yp p ps prob probs probabilities pred preds prediction "
    "predictions logits scores predicted outputseq",
    SLOPE: "dy dys dout douts doutput doutputs gradoutput gradoutputs outputgrad outgrad dldy dloss dlogits grad "
    "gradient dlossdy dys delta deltas gradout dyhat dypred dlossdout upstream dL".lower(),
    RATE: " ".join(word.replace("_", "") for word in UPDATES),
    CLIP: "clip clipnorm maxnorm clipvalue clipping gradclip maxgradnorm gradientclip clipthreshold cliplimit",
}
_ROLES = {word: role for role, words in _WORDS.items() for word in words.split()}

_STATES = (
    "h h0 hs0 c c0 s0 a0 state states hidden hiddenstate cell cellstate hprev cprev sprev prevh prevc prevstate "
    "prevhidden hiddenprev stateprev hinit cinit inith initc inithidden initstate initialstate initialhidden"
)
STATES = {*_STATES.split()}
"""What people call a state that a pass begins with: it is neither inputs nor targets."""

Supply = Mapping[str, Callable[[], Any]]
"""Maps roles to functions that make their values."""


def role_of(name: str) -> str | None:
    """What an argument of this name is meant to be; a capital T is the number of steps."""
    return None if name == "T" else _ROLES.get(name.replace("_", "").lower())


def arguments_of(function: Callable[..., Any], skip: int = 0) -> dict[str, inspect.Parameter]:
    """The arguments of a function or a bound method without the first ``skip``."""
    named = [(n, p) for n, p in inspect.signature(function).parameters.items() if p.kind in KINDS]
    return dict(named[skip:])


def roles_of(names: list[str]) -> dict[str, str | None]:
    """The roles of arguments: of ``y`` and ``t`` together, y is what came out."""
    roles = {name: role_of(name) for name in names}
    wanted = [name for name, role in roles.items() if role == TARGETS]
    if len(wanted) > 1:
        loose = next((name for name in wanted if name.lower() in ("y", "ys")), wanted[0])
        roles[loose] = OUTPUTS
    if [*roles] == ["d"]:
        roles["d"] = SLOPE  # alone it is what comes from above, as in layers; beside inputs it is what is desired
    return roles


def bound(
    who: str,
    function: Callable[..., Any],
    supply: Supply,
    kept: Mapping[str, Any],
    order: tuple[str, ...],
    skip: int = 0,
    all_of_it: bool = False,
) -> dict[str, Any]:
    """Values for the arguments of ``function`` by name; of learning rates and clippings also where there are defaults.

    Args:
        who: the function, in messages.
        supply: makes the values of roles.
        kept: values by the names of arguments, such as what the forward pass returned.
        order: roles that arguments of unknown names take, one after the other, if there are enough of them.
        all_of_it: whether one unknown name is not enough to tell which of two roles it is.
        skip: how many arguments from the first on the caller gives.
    """
    arguments = arguments_of(function, skip)
    empty = inspect.Parameter.empty
    roles = roles_of([name for name, p in arguments.items() if p.default is empty or role_of(name) in (RATE, CLIP)])
    values = {name: kept[name] for name in roles if name in kept and roles[name] not in (INPUTS, TARGETS)}
    unknown = [n for n, role in roles.items() if n not in values and role not in supply]
    free = [role for role in order if role not in roles.values()]
    begun = any(name.replace("_", "").lower() in STATES for name in unknown)
    if not begun and (len(unknown) == len(free) or (len(unknown) < len(free) and not all_of_it)):
        roles |= dict(zip(unknown, free, strict=False))
        unknown = []
    if unknown:
        raise _unknown(who, unknown, roles)
    for name, role in roles.items():
        if name not in values and role is not None and not isinstance(arguments[name].default, (bool, type(None))):
            values[name] = supply[role]()
    return values


def called(function: Callable[..., Any], values: Mapping[str, Any], first: tuple[Any, ...] = ()) -> Any:
    """Calls the function with values by the names of its arguments, also where they may have no names."""
    arguments = inspect.signature(function).parameters
    leading = [n for n in values if arguments[n].kind is inspect.Parameter.POSITIONAL_ONLY]
    named = {n: value for n, value in values.items() if n not in leading}
    return function(*first, *[values[n] for n in leading], **named)


def _unknown(who: str, unknown: list[str], roles: Mapping[str, Any]) -> GraphError:
    known = [name for name in roles if name not in unknown]
    return GraphError(
        f"audit: {who} takes {', '.join(unknown)}, of which it is not known what should be passed",
        expected="names such as inputs, targets, outputs, dy, lr",
        got=f"{who}({', '.join([*known, *unknown])})",
        fix=f"forward=lambda model, inputs: model.forward(inputs, {unknown[0]}), and backward=lambda ... in its way",
    )
