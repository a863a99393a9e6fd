"""Source multiplexers of the analog readout: what feeds the membrane ADC and the pad buffers.

::

    neuron lines, driver debug, CADC debug, synaptic input debug, current DAC, debug pads
        -> source multiplexer 0 / 1 -> active multiplexer -> pre-amplifier -> membrane ADC
                                    -> pad buffer 0 / 1   -> pad multiplexers
"""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at, elements
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import BoolArray, flag, flags, parts
from hxtwin.containers.layout import leaf
from hxtwin.containers.record import ArrayOf, Record
from hxtwin.coord import HemisphereOnDLS, ReadoutSourceSelectionOnDLS, SourceMultiplexerOnReadoutSourceSelection


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SourceMultiplexer(Record):
    """One multiplexer with a switch for each source; several closed switches short the sources."""

    debug_plus: bool = flag("Connect the debug_plus line.", at(0, 0))
    debug_minus: bool = flag("Connect the debug_minus line.", at(0, 1))
    current_dac: bool = flag("Connect the output line of the readout current DAC.", at(0, 2))
    synin_debug_inhibitory: bool = flag("Connect the inhibitory synaptic-input debug line.", at(0, 3))
    synin_debug_excitatory: bool = flag("Connect the excitatory synaptic-input debug line.", at(0, 4))
    cadc_debug_causal: bool = flag("Connect the causal CADC debug line.", at(0, 5))
    cadc_debug_acausal: bool = flag("Connect the acausal CADC debug line.", at(0, 6))
    synapse_driver_debug: BoolArray = flags(
        "Connect the synapse driver debug line of the hemisphere.", elements(at(0, 7), at(0, 8)), index=HemisphereOnDLS
    )
    neuron_odd: BoolArray = flags(
        "Connect the readout line of the odd neuron columns of the hemisphere.",
        elements(at(0, 9), at(0, 11)),
        index=HemisphereOnDLS,
    )
    neuron_even: BoolArray = flags(
        "Connect the readout line of the even neuron columns of the hemisphere.",
        elements(at(0, 10), at(0, 12)),
        index=HemisphereOnDLS,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReadoutSourceSelection(Container):
    """Two 13-input source multiplexers feeding the MADC active mux and the pad buffers."""

    layout = leaf(
        coordinate=ReadoutSourceSelectionOnDLS,
        words=2,
        address=0xC000C + WORD,
        notes="Registers 12 and 13 of the readout register file.",
    )
    buffer: ArrayOf[SourceMultiplexer] = parts(
        SourceMultiplexer, "The multiplexers.", index=SourceMultiplexerOnReadoutSourceSelection, word_step=1
    )
    enable_buffer_to_pad: BoolArray = flags(
        "Enable the buffer behind source multiplexer i towards the pads; not needed for the path to the MADC.",
        elements(at(1, 14), at(1, 13)),
        index=SourceMultiplexerOnReadoutSourceSelection,
    )
