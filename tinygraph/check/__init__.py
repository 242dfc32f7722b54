"""Checks of gradients: against finite differences, and of backward passes that were written by hand."""

from .audit import audit as audit
from .gradients import GradientError as GradientError
from .gradients import Report as Report
from .gradients import Row as Row
from .gradients import gradients as gradients
