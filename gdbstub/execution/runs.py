"""The runs of a program, one after another: at most one guest is alive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import trio

from gdbstub.execution.execution import Execution
from gdbstub.target import Guest, Launch


class Runs:
    """`execution` is the present run, or the last one. Make it with `running`."""

    execution: Execution

    def __init__(self, make_guest: Callable[[Launch], Guest]) -> None:
        self._make_guest = make_guest
        self.execution = Execution(partial(make_guest, Launch()))

    async def begin(self) -> None:
        """Start the first run. Errors of `make_guest` pass as they are."""
        await self.execution.start()

    async def restart(self, launch: Launch) -> Execution:
        """End the present run and start another one, up to its first operation.

        Errors of `make_guest` pass as they are; the last run is the one that was ended then.
        """
        await self.execution.kill()
        execution = Execution(partial(self._make_guest, launch))
        try:
            await execution.start()
        except BaseException:
            with trio.CancelScope(shield=True):
                await execution.kill()
            raise
        self.execution = execution
        return execution


@asynccontextmanager
async def running(make_guest: Callable[[Launch], Guest]) -> AsyncIterator[Runs]:
    """Run guests made by `make_guest`, the first at once; at the context's end the last is killed."""
    runs = Runs(make_guest)
    try:
        await runs.begin()
        yield runs
    finally:
        with trio.CancelScope(shield=True):
            await runs.execution.kill()
