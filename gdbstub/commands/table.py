"""Every packet served, a row each, by topic; `qSupported` is computed from these rows.

A row: the packet's name, what reads its fields, what handles it, the extension it needs, the
feature it stands for, and the debugger that feature is told to (both, without one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gdbstub.commands import (
    breakpoints,
    documents,
    general,
    launch,
    lldb,
    memory,
    parse,
    registers,
    resume,
    threads,
)
from gdbstub.commands.outcome import Outcome, Reply
from gdbstub.commands.state import Client
from gdbstub.extensions import (
    ExecFile,
    Features,
    Libraries,
    LoadedObjects,
    Machine,
    Monitor,
    Process,
    Regions,
    RegisterInfos,
    ServedFiles,
    SystemCalls,
    WasmState,
)
from gdbstub.rsp import from_hex
from gdbstub.target import Dialect

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Command:
    """One packet. `exact`: nothing may follow its name. `idle`: served without a guest as well."""

    name: bytes
    run: Callable[[Client, bytes], Outcome]
    exact: bool
    needs: type[object] | None
    feature: bytes
    told: Dialect | None
    idle: bool

    def served(self, client: Client) -> bool:
        """Say whether the client's target has what the packet needs."""
        return self.needs is None or isinstance(client.target, self.needs)

    def matches(self, packet: bytes) -> bool:
        """Say whether a packet is this one."""
        return packet == self.name if self.exact else packet.startswith(self.name)


def _row(
    name: bytes,
    read: Callable[[bytes], T],
    handle: Callable[[Client, T], Outcome],
    *,
    needs: type[object] | None = None,
    feature: bytes = b"",
    told: Dialect | None = None,
    idle: bool = False,
) -> Command:
    def run(client: Client, packet: bytes) -> Outcome:
        return handle(client, read(packet[len(name) :]))

    return Command(name, run, read is parse.nothing, needs, feature, told, idle)


def _supported(client: Client, offered: bytes) -> Outcome:
    general.note_features(client, offered)
    features = [b"PacketSize=%x" % client.packet_size]
    for command in COMMANDS:
        if command.feature and command.told in (None, client.peer) and command.served(client):
            features.append(command.feature)
    return Reply(b";".join(features))


_GDB, _LLDB = Dialect.GDB, Dialect.LLDB

# fmt: off
COMMANDS = (
    # the conversation
    _row(b"qSupported",              parse.raw,     _supported, feature=b"multiprocess+", told=_GDB, idle=True),
    _row(b"QStartNoAckMode",         parse.nothing, general.start_no_acks, feature=b"QStartNoAckMode+", idle=True),
    _row(b"QEnableErrorStrings",     parse.nothing, general.enable_error_strings, idle=True),
    _row(b"QThreadSuffixSupported",  parse.nothing, general.enable_thread_suffix, feature=b"QThreadSuffixSupported+", told=_LLDB, idle=True),
    _row(b"QListThreadsInStopReply", parse.nothing, general.list_threads_in_stops, feature=b"QListThreadsInStopReply+", told=_LLDB, idle=True),
    _row(b"qSymbol:",                parse.raw,     general.symbols, idle=True),
    _row(b"qAttached",               parse.nothing, general.attached),
    _row(b"qAttached:",              parse.process, general.attached),
    _row(b"qRcmd,",                  parse.hex_text, general.monitor, needs=Monitor),
    _row(b"qRcmd,65786974",          parse.nothing, launch.end_server, idle=True),  # "exit"
    # stopping, resuming, ending; fork and its like never happen, so their events are served
    _row(b"?",        parse.nothing,        general.report_stop, feature=b"swbreak+;hwbreak+;fork-events+;vfork-events+;exec-events+", told=_GDB),
    _row(b"vCont?",   parse.nothing,        resume.supported, feature=b"vContSupported+"),
    _row(b"vCont;",   resume.parse_actions, resume.resume),
    _row(b"c",        parse.nothing,        resume.continue_),
    _row(b"C",        resume.parse_signal,  resume.continue_with),
    _row(b"s",        parse.nothing,        resume.step),
    _row(b"S",        resume.parse_signal,  resume.step_with),
    _row(b"D",        parse.nothing,        general.detach, idle=True),
    _row(b"D;",       parse.process,        general.detach, idle=True),
    _row(b"k",        parse.nothing,        general.kill, idle=True),
    _row(b"vKill;",   parse.process,        general.kill_process, idle=True),
    # starting and attaching again
    _row(b"!",        parse.nothing,        launch.extend, idle=True),
    _row(b"vRun;",    launch.parse_run,     launch.run, idle=True),
    _row(b"R",        parse.raw,            launch.restart, idle=True),
    _row(b"vAttach;", parse.process,        launch.attach, idle=True),
    _row(b"QEnvironmentHexEncoded:", launch.parse_assignment, launch.set_variable,    feature=b"QEnvironmentHexEncoded+", told=_GDB, idle=True),
    _row(b"QEnvironmentUnset:",      parse.hex_text,          launch.unset_variable,  feature=b"QEnvironmentUnset+", told=_GDB, idle=True),
    _row(b"QEnvironmentReset",       parse.nothing,           launch.reset_variables, feature=b"QEnvironmentReset+", told=_GDB, idle=True),
    # threads
    _row(b"H",                  threads.parse_selection, threads.select),
    _row(b"T",                  parse.thread,            threads.alive),
    _row(b"qC",                 parse.nothing,           threads.current),
    _row(b"qfThreadInfo",       parse.nothing,           threads.first),
    _row(b"qsThreadInfo",       parse.nothing,           threads.further),
    _row(b"qThreadExtraInfo,",  parse.thread,            threads.extra_info),
    _row(b"qXfer:threads:read:", documents.parse_piece,  documents.threads, feature=b"qXfer:threads:read+"),
    # registers
    _row(b"g", parse.nothing,              registers.read_all),
    _row(b"G", from_hex,                   registers.write_all),
    _row(b"p", parse.number,               registers.read_one),
    _row(b"P", registers.parse_assignment, registers.write_one),
    # memory
    _row(b"m", parse.range_, memory.read),
    _row(b"M", parse.data,   memory.write),
    _row(b"x", parse.range_, memory.read_binary, feature=b"binary-upload+", told=_GDB),
    _row(b"X", parse.data,   memory.write_binary),
    _row(b"qMemoryRegionInfo:", parse.address, memory.region, needs=Regions),
    # breakpoints and watchpoints
    _row(b"Z", breakpoints.parse, breakpoints.insert, feature=b"ConditionalBreakpoints+;BreakpointCommands+", told=_GDB),
    _row(b"z", breakpoints.parse, breakpoints.remove),
    _row(b"QCatchSyscalls:", breakpoints.parse_catch, breakpoints.catch_system_calls, needs=SystemCalls, feature=b"QCatchSyscalls+", told=_GDB),
    _row(b"qWatchpointSupportInfo", parse.raw, breakpoints.watchpoint_support),
    # documents and files
    _row(b"qXfer:features:read:",  documents.parse_piece, documents.features,  needs=Features,  feature=b"qXfer:features:read+", idle=True),
    _row(b"qXfer:exec-file:read:", documents.parse_piece, documents.exec_file, needs=ExecFile,  feature=b"qXfer:exec-file:read+", idle=True),
    _row(b"qXfer:libraries:read:", documents.parse_piece, documents.libraries, needs=Libraries, feature=b"qXfer:libraries:read+"),
    _row(b"qXfer:libraries-svr4:read:", documents.parse_piece, documents.loaded_objects, needs=LoadedObjects, feature=b"qXfer:libraries-svr4:read+"),
    _row(b"vFile:setfs:", parse.number,          documents.set_filesystem, needs=ServedFiles, idle=True),
    _row(b"vFile:open:",  documents.parse_open,  documents.open_file,      needs=ServedFiles, idle=True),
    _row(b"vFile:pread:", documents.parse_pread, documents.read_file,      needs=ServedFiles, idle=True),
    _row(b"vFile:fstat:", parse.number,          documents.stat_file,      needs=ServedFiles, idle=True),
    _row(b"vFile:readlink:", parse.hex_text,     documents.read_link,      needs=Process, idle=True),
    _row(b"vFile:close:", parse.number,          documents.close_file,     needs=ServedFiles, idle=True),
    # lldb's descriptions
    _row(b"qHostInfo",        parse.nothing, lldb.host_info,    needs=Machine),
    _row(b"qProcessInfo",     parse.nothing, lldb.process_info, needs=Machine),
    _row(b"qRegisterInfo",    parse.number,  lldb.register_info, needs=RegisterInfos),
    _row(b"jThreadsInfo",     parse.nothing, lldb.threads_info),
    _row(b"qThreadStopInfo",  parse.thread,  lldb.thread_stop_info),
    # the Wasm machine
    _row(b"qWasmCallStack:",  parse.thread,      lldb.call_stack,  needs=WasmState),
    _row(b"qWasmLocal:",      parse.frame_index, lldb.local,       needs=WasmState),
    _row(b"qWasmGlobal:",     parse.global_place, lldb.global_,    needs=WasmState, feature=b"qWasmInstance+", told=_LLDB),
    _row(b"qWasmStackValue:", parse.frame_index, lldb.stack_value, needs=WasmState),
)
# fmt: on

_BY_FIRST_BYTE: dict[int, list[Command]] = {}
for _command in sorted(COMMANDS, key=lambda command: -len(command.name)):
    _BY_FIRST_BYTE.setdefault(_command.name[0], []).append(_command)


def find(client: Client, packet: bytes) -> Command | None:
    """Return the row of a packet, None if it is not served: the longest name that matches."""
    for command in _BY_FIRST_BYTE.get(packet[0], ()) if packet else ():
        if command.matches(packet):
            return command if command.served(client) else None
    return None
