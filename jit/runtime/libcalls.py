"""Bodies of the library routines that generated code calls; rows and types are in `jit.abi.libcalls`.

Arguments are bit patterns, the calling instance first; results likewise.  A routine traps by raising.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit.abi.libcalls import Libcall
from jit.abi.traps import TrapCode
from jit.runtime.trap import Trap

if TYPE_CHECKING:
    from jit.runtime.instance import Instance

Results = tuple[int, ...]

_MINUS_ONE = 0xFFFF_FFFF


def memory_grow(instance: "Instance", memory: int, delta: int) -> Results:
    return (instance.memories[memory].linear.grow(delta) & _MINUS_ONE,)


def memory_init(
    instance: "Instance", memory: int, segment: int, destination: int, source: int, length: int
) -> Results:
    data = instance.data_segments[segment]
    if source + length > len(data):
        raise Trap.of(TrapCode.MEMORY_OUT_OF_BOUNDS)
    instance.memories[memory].linear.initialize(destination, data[source : source + length])
    return ()


def data_drop(instance: "Instance", segment: int) -> Results:
    instance.data_segments[segment] = b""
    return ()


def table_grow(instance: "Instance", table: int, reference: int, delta: int) -> Results:
    return (instance.tables[table].elements.grow(delta, reference) & _MINUS_ONE,)


def table_fill(
    instance: "Instance", table: int, start: int, reference: int, length: int
) -> Results:
    instance.tables[table].elements.fill(start, reference, length)
    return ()


def table_copy(
    instance: "Instance", to: int, from_: int, destination: int, source: int, length: int
) -> Results:
    elements = instance.tables[from_].elements
    instance.tables[to].elements.copy_from(elements, destination, source, length)
    return ()


def table_init(
    instance: "Instance", table: int, segment: int, destination: int, source: int, length: int
) -> Results:
    references = instance.element_segments[segment]
    if source + length > len(references):
        raise Trap.of(TrapCode.TABLE_OUT_OF_BOUNDS)
    instance.tables[table].elements.initialize(destination, references[source : source + length])
    return ()


def elem_drop(instance: "Instance", segment: int) -> Results:
    instance.element_segments[segment] = []
    return ()


BODIES: dict[int, Callable[..., Results]] = {
    Libcall.MEMORY_GROW: memory_grow,
    Libcall.MEMORY_INIT: memory_init,
    Libcall.DATA_DROP: data_drop,
    Libcall.TABLE_GROW: table_grow,
    Libcall.TABLE_FILL: table_fill,
    Libcall.TABLE_COPY: table_copy,
    Libcall.TABLE_INIT: table_init,
    Libcall.ELEM_DROP: elem_drop,
}
