"""The fixture `new_guest`: a maker of guests for each machine; all it made is of one machine."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.unit.debug.guest import MACHINES, Guest

NewGuest = Callable[..., Guest]


@pytest.fixture(params=MACHINES)
def new_guest(request: pytest.FixtureRequest) -> NewGuest:
    """Give `new_guest(debug=True, epoch=False, stack_size=1 << 20)`."""
    return partial(Guest, request.param)


@pytest.fixture
def guest(new_guest: NewGuest) -> Guest:
    """Give a guest under a debugger."""
    return new_guest()
