"""What function a reference stands for: a record's address, as slots, globals and tables hold it."""

from jit.abi import records
from jit.runtime.instance import Instance
from jit.runtime.store import Store


def function_of(store: Store, reference: int) -> tuple[Instance, int] | None:
    """Return the instance and the defined index of a function; None for null and host functions."""
    for instance in store.instances:
        first = instance.vmctx + instance.layout.records
        index, rest = divmod(reference - first, records.SIZE)
        if 0 <= index < len(instance.module.info.bodies) and not rest:
            return instance, index
    return None
