"""Current source of the analog readout."""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.fields import BoolArray, choice, flag, flags, uint
from hxtwin.containers.layout import leaf
from hxtwin.containers.transform import Thermometer
from hxtwin.coord import CurrentDACOnDLS, HemisphereOnDLS, SynapticInputOnNeuron


class CurrentSign(IntEnum):
    """Direction of the current."""

    SOURCE = 0
    SINK = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CurrentDAC(Container):
    """Current source of the readout section."""

    layout = leaf(
        coordinate=CurrentDACOnDLS,
        address=0xC000B,
        notes=(
            "Register 11 of the readout register file. The order of connect_synapse differs from "
            "MADCConfig.connect_iconv_synapse: here index 0 is the lower bit."
        ),
    )
    current: int = uint(
        "8-bit current code: low 6 bit binary, high 2 bit as thermometer code (0:000 1:001 2:011 3:111). On "
        "decode the highest set thermometer bit counts.",
        at(0, 0, 6),
        at(0, 8, 3, value_lsb=6),
        maximum=255,
        transform=Thermometer(6),
    )
    sign: CurrentSign = choice("Direction of the current.", at(0, 6), of=CurrentSign)
    enable_current: bool = flag("Enable the current source.", at(0, 7))
    connect_neuron: BoolArray = flags(
        "Connect to the neuron stimulus line (i_stim) of the hemisphere.", along(at(0, 11), 2, 1), index=HemisphereOnDLS
    )
    connect_synapse: BoolArray = flags(
        "Connect to a synaptic-input debug line: index 0 -> bit 13, index 1 -> bit 14.",
        along(at(0, 13), 2, 1),
        index=SynapticInputOnNeuron,
    )
