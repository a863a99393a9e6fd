"""The twin: FPGA and chip at register level. Words in, words out; it knows nothing but the words.

Rooms in the order in which data meets them:

================  =================================================================================================
room              what is in it
================  =================================================================================================
``fpga``          words to instructions, executor, timer, barriers, registers and memories, stream of responses
``omnibus``       high-speed link and JTAG chain: the two ways to the chip
``registers``     every register and memory of the chip, derived from the containers
``events``        crossbar, PADI buses, background sources, neuron event outputs
``readout``       column ADC
================  =================================================================================================

`Twin` is the composition and implements the `Device` protocol of `hxtwin.comm`. Twin time advances with executed
instructions only; the same words give the same answers however they are cut into calls of ``feed``.

Seam towards the analog core, which is not part of the twin yet:

- `registers.RegisterFile.take_changes` tells which blocks and synapse rows have changed since the last elaboration.
- `events.AnalogCore` takes synaptic events (chip cycle, hemisphere, bus, mask of drivers, event address) and triggers
  as arrays, and gives back fires of neurons. `NoAnalogCore` stands in its place: nothing ever fires by itself, and the
  log says so once. A `NeuronReset` is digital and does fire.
- `readout.ConversionSource` is told when a CADC conversion begins and gives its results when it ends. `NoVoltages`
  gives zeros, with the right timing.
- `Twin(analog=..., conversions=...)` takes both. With an analog core the event network and the core advance in turns
  that are never longer than an event takes from one to the other; the core never gets ahead of an access.
- The membrane ADC sends no samples and the embedded processors do not run; the log says so when they are used.

`hxtwin.chipsim.parameters` holds all numbers that the sources leave open (reference: simulator-decisions.md).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hxtwin.chipsim.errors import ChipSimError, TwinArgumentError

if TYPE_CHECKING:
    from hxtwin.chipsim.options import TwinOptions
    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.probe import Probe
    from hxtwin.chipsim.twin import Twin

__all__ = ["ChipSimError", "Parameters", "Probe", "Twin", "TwinArgumentError", "TwinOptions"]

_LAZY = {"Parameters": "parameters", "Probe": "probe", "Twin": "twin", "TwinOptions": "options"}
"""Names that are imported when they are first used: they need numba and the containers."""


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'hxtwin.chipsim' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"hxtwin.chipsim.{_LAZY[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
