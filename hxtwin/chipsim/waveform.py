"""Value change dump of what a probe recorded, for GTKWave and other waveform viewers.

=========================  =========================================================  ============
variable                   value                                                      width
=========================  =========================================================  ============
``executor.instruction``   name of the instruction, from its begin to its end         text
``executor.index``         its number in the program                                  32
``bus.address``, ``word``  access to a register of chip or FPGA                       32
``bus.is_read``            1: a read, 0: a write                                      1
``crossbar.neuron_o``      label from neuron event output o = 0..7                    16
``crossbar.link_c``        label from channel c = 0..3 of the link                    16
``crossbar.output_c``      label towards channel c = 0..3 of the FPGA                 16
``padi.h_b``               event address on bus b of hemisphere h                     6
``padi.h_b_drivers``       drivers that react                                         32
``neuron.n``               fire of backend entry n                                    event
``membrane.n``             voltage of circuit n, V                                    real
=========================  =========================================================  ============

An event is shown for its cycle, then the variable is ``z``. Times are ns since the power-up of the twin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
import numpy as np

from hxtwin._version import __version__
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.probe import LINK, NEURON
from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from hxtwin.chipsim.probe import Probe

_CYCLE_NS: Final = 4
_OUTPUT_LSB: Final = 8
_CHANNEL_LSB: Final = 14

Value: TypeAlias = int | float | str | bool


@attrs.frozen(eq=False)
class _Variable:
    """One variable of the dump and its changes.

    Attributes:
        scope: module in which it stands.
        name: its name.
        kind: type of variable in the dump.
        size: bits, None for types that have their own.
        times: ns, ascending, ``int64[n]``.
        values: what it changes to, n values.
    """

    scope: str
    name: str
    kind: str
    size: int | None
    times: NDArray[np.int64]
    values: list[Value]


def write_vcd(probe: Probe, path: Path, *, first_cycle: int | None = None, last_cycle: int | None = None) -> None:
    """Writes what a probe recorded between two chip cycles; see `Probe.write_vcd`.

    Raises:
        TwinArgumentError: the package pyvcd is not installed.
    """
    try:
        from vcd import VCDWriter
    except ImportError as error:
        raise TwinArgumentError("writing waveforms needs pyvcd: pip install 'hxtwin[cosim]'") from error
    variables = list(_variables(probe))
    first, last = (None if cycle is None else _CYCLE_NS * cycle for cycle in (first_cycle, last_cycle))
    with (
        path.open("w", encoding="ascii") as file,
        VCDWriter(file, timescale="1 ns", comment=f"hxtwin {__version__}") as writer,
    ):
        handles = [
            writer.register_var(v.scope, v.name, v.kind, size=v.size, init=None if v.kind == "event" else _idle(v))
            for v in variables
        ]
        for time, number, value in _in_order(variables, first, last):
            writer.change(handles[number], time, value)


def _idle(variable: _Variable) -> Value:
    idle: dict[str, Value] = {"string": "", "real": 0.0}
    return idle.get(variable.kind, "z")


def _in_order(variables: list[_Variable], first: int | None, last: int | None) -> Iterator[tuple[int, int, Value]]:
    """All changes by time: time, number of the variable, value. The format wants them one by one."""
    if not variables:
        return
    times = np.concatenate([v.times for v in variables])
    numbers = np.repeat(np.arange(len(variables)), [len(v.times) for v in variables])
    values = [value for v in variables for value in v.values]
    wanted = np.ones(len(times), dtype=np.bool_)
    wanted &= times >= first if first is not None else True
    wanted &= times <= last if last is not None else True
    places = np.flatnonzero(wanted)
    for place in places[np.argsort(times[places], kind="stable")].tolist():
        yield int(times[place]), int(numbers[place]), values[place]


# --- variables of each signal -----------------------------------------------------------------------------------------


def _variables(probe: Probe) -> Iterator[_Variable]:
    for signal, variables in (
        ("executor", _executor),
        ("bus", _bus),
        ("crossbar_in", _crossbar_in),
        ("crossbar_out", _crossbar_out),
        ("padi", _padi),
        ("fires", _fires),
    ):
        if probe.wants(signal):
            yield from variables(probe.rows(signal))
    for circuit in probe.circuits.tolist():
        cycles, volts = probe.membrane(circuit)
        times = np.rint(_CYCLE_NS * cycles).astype(np.int64)
        yield _Variable("membrane", str(circuit), "real", None, times, volts.astype(np.float64).tolist())


def _executor(rows: NDArray[np.void]) -> Iterable[_Variable]:
    names = np.array([instruction.__name__ for instruction in ut.TO_FPGA], dtype=object)[rows["code"]].tolist()
    times, values = _shown(rows["cycle"], rows["end"], names, "")
    yield _Variable("executor", "instruction", "string", None, times, values)
    yield _Variable("executor", "index", "reg", 32, _CYCLE_NS * rows["cycle"], (rows["index"] & 0xFFFFFFFF).tolist())


def _bus(rows: NDArray[np.void]) -> Iterable[_Variable]:
    for name, size in (("address", 32), ("word", 32), ("is_read", 1)):
        yield _pulses("bus", name, size, rows["cycle"], rows[name].astype(np.int64))


def _crossbar_in(rows: NDArray[np.void]) -> Iterable[_Variable]:
    for source, name, lsb in ((NEURON, "neuron", _OUTPUT_LSB), (LINK, "link", _CHANNEL_LSB)):
        of_source = rows[rows["source"] == source]
        channels = of_source["label"] >> lsb
        for channel in np.unique(channels).tolist():
            events = of_source[channels == channel]
            yield _pulses("crossbar", f"{name}_{channel}", 16, events["cycle"], events["label"])


def _crossbar_out(rows: NDArray[np.void]) -> Iterable[_Variable]:
    channels = rows["label"] >> _CHANNEL_LSB
    for channel in np.unique(channels).tolist():
        events = rows[channels == channel]
        yield _pulses("crossbar", f"output_{channel}", 16, events["cycle"], events["label"])


def _padi(rows: NDArray[np.void]) -> Iterable[_Variable]:
    buses = 4 * rows["hemisphere"] + rows["bus"]
    for number in np.unique(buses).tolist():
        events = rows[buses == number]
        name = f"{number // 4}_{number % 4}"
        yield _pulses("padi", name, 6, events["cycle"], events["address"])
        yield _pulses("padi", f"{name}_drivers", 32, events["cycle"], events["drivers"])


def _fires(rows: NDArray[np.void]) -> Iterable[_Variable]:
    for neuron in np.unique(rows["neuron"]).tolist():
        times = _CYCLE_NS * rows["cycle"][rows["neuron"] == neuron]
        yield _Variable("neuron", str(neuron), "event", None, times, [True] * len(times))


def _pulses(scope: str, name: str, size: int, cycles: NDArray[np.int64], values: NDArray[np.integer]) -> _Variable:
    """Values that are there for one chip cycle each."""
    times, changes = _shown(cycles, cycles + 1, values.tolist(), "z")
    return _Variable(scope, name, "reg", size, times, changes)


def _shown(
    begins: NDArray[np.int64], ends: NDArray[np.int64], values: list[Value], idle: Value
) -> tuple[NDArray[np.int64], list[Value]]:
    """Times in ns and values of a variable that is idle unless something is shown; begins ascend."""
    after = np.append(begins[1:], np.iinfo(np.int64).max)
    pauses = np.flatnonzero(ends < after)
    times = np.concatenate([begins, ends[pauses]])
    order = np.argsort(times, kind="stable")
    changes = values + [idle] * len(pauses)
    return _CYCLE_NS * times[order], [changes[place] for place in order.tolist()]
