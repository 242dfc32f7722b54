"""Checks of gradients against finite differences."""

from .gradients import GradientError as GradientError
from .gradients import Report as Report
from .gradients import Row as Row
from .gradients import gradients as gradients
