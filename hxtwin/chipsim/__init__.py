"""The twin: FPGA and chip at register level. Words in, words out; it knows nothing but the words.

Rooms in the order in which data meets them:

================  =================================================================================================
room              what is in it
================  =================================================================================================
``fpga``          words to instructions, executor, timer, barriers, registers and memories, stream of responses
``omnibus``       high-speed link and JTAG chain: the two ways to the chip
``registers``     every register and memory of the chip, derived from the containers
``elaborate``     registers and personality to physical parameters
``events``        crossbar, PADI buses, background sources, neuron event outputs
``analog``        neuron circuits, synapse drivers, correlation sensors
``readout``       column ADC, membrane ADC, what they are connected to
================  =================================================================================================

`Twin` is the composition and implements the `Device` protocol of `hxtwin.comm`. Twin time advances with executed
instructions only; the same words give the same answers however they are cut into calls of ``feed``.

================  =================================================================================================
joint             what meets in it
================  =================================================================================================
``chip``          accesses, conversions and events, in the order of chip cycles
``lockstep``      event network and analog core, step by step (``loop_kernel``); when registers act on the analog core
``analog_core``   state of the analog core and the settings that it follows
``observers``     converters, and the circuits that have to be awake for them
================  =================================================================================================

The embedded processors do not run; the log says so when they are used.

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
