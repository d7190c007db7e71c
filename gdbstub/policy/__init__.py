"""What the worker thread decides at a raw stop without asking anybody."""

from gdbstub.policy.policy import GO_ON, STEP_ON, Policy

__all__ = ["GO_ON", "STEP_ON", "Policy"]
