"""What lldb alone asks: host, process, register and thread descriptions, and the Wasm machine."""

from __future__ import annotations

import json
import struct

from gdbstub.commands.outcome import Outcome, Refused, Reply
from gdbstub.commands.parse import GlobalPlace
from gdbstub.commands.state import Client
from gdbstub.commands.stops import description, lldb_reason, signal_of, stop_reply
from gdbstub.extensions import HostInfo, Machine, RegisterInfos, WasmState
from gdbstub.rsp import escape, to_hex
from gdbstub.target import FrameIndex, Stop

_PAST_THE_LAST = 0x45  # what lldb-server answers past the last register


def _host(info: HostInfo) -> bytes:
    triple = to_hex(info.triple)
    return b"triple:%b;endian:%b;ptrsize:%d;" % (triple, info.endian.encode(), info.pointer_size)


def host_info(client: Client, _: None) -> Outcome:
    """`qHostInfo`."""
    extension = client.target
    assert isinstance(extension, Machine)
    return Reply(_host(extension.host_info()))


def process_info(client: Client, _: None) -> Outcome:
    """`qProcessInfo`."""
    extension = client.target
    assert isinstance(extension, Machine)
    info = extension.host_info()
    return Reply(b"pid:%x;" % info.pid + _host(info))


def register_info(client: Client, number: int) -> Outcome:
    """`qRegisterInfo`."""
    extension = client.target
    assert isinstance(extension, RegisterInfos)
    infos = extension.register_infos()
    if number >= len(infos):
        raise Refused(_PAST_THE_LAST, f"no register {number}")
    info = infos[number]
    fields = {
        "name": info.name,
        "bitsize": info.bits,
        "offset": info.offset,
        "encoding": info.encoding,
        "format": info.format,
        "set": info.group,
        "generic": info.generic,
        "dwarf": info.dwarf,
    }
    return Reply("".join(f"{k}:{v};" for k, v in fields.items() if v is not None).encode())


def threads_info(client: Client, _: None) -> Outcome:
    """`jThreadsInfo`: every thread, with the stop of the one that stopped."""
    stop = client.target.stop()
    rows = []
    for thread in client.target.threads():
        row: dict[str, object] = {"tid": thread.id, "name": thread.name}
        if thread.id == stop.thread:
            row |= _stop_fields(stop)
        else:
            row["reason"] = "none"
        rows.append(row)
    return Reply(escape(json.dumps(rows, separators=(",", ":")).encode()))


def _stop_fields(stop: Stop) -> dict[str, object]:
    row: dict[str, object] = {"signal": int(signal_of(stop.reason))}
    reason = lldb_reason(stop.reason)
    if reason is not None:
        row["reason"] = reason
    text = description(stop.reason)
    if text is not None:
        row["description"] = text
    row["registers"] = {str(number): value.hex() for number, value in stop.registers}
    return row


def thread_stop_info(client: Client, number: int) -> Outcome:
    """`qThreadStopInfo`."""
    thread = client.find_thread(number)
    stop = client.target.stop()
    if thread.id == stop.thread:
        return Reply(stop_reply(client, stop))
    return Reply(b"T00thread:%x;" % thread.id)


def call_stack(client: Client, number: int) -> Outcome:
    """`qWasmCallStack`."""
    extension = client.target
    assert isinstance(extension, WasmState)
    thread = client.find_thread(number)
    client.select(thread.id)
    pcs = extension.call_stack(thread.id)
    return Reply(to_hex(struct.pack(f"<{len(pcs)}Q", *pcs)))


def local(client: Client, place: tuple[FrameIndex, int]) -> Outcome:
    """`qWasmLocal`."""
    extension = client.target
    assert isinstance(extension, WasmState)
    return Reply(to_hex(extension.local(client.last_named, *place)))


def global_(client: Client, place: GlobalPlace) -> Outcome:
    """`qWasmGlobal`, in both of its forms."""
    extension = client.target
    assert isinstance(extension, WasmState)
    if place.instance is not None:
        return Reply(to_hex(extension.instance_global(place.instance, place.index)))
    assert place.frame is not None, "it is the one or the other"
    return Reply(to_hex(extension.global_(client.last_named, place.frame, place.index)))


def stack_value(client: Client, place: tuple[FrameIndex, int]) -> Outcome:
    """`qWasmStackValue`."""
    extension = client.target
    assert isinstance(extension, WasmState)
    return Reply(to_hex(extension.stack_value(client.last_named, *place)))
