"""Checks: gradients against differences of values."""

from .gradients import GradientError as GradientError
from .gradients import Report as Report
from .gradients import Row as Row
from .gradients import gradients as gradients
