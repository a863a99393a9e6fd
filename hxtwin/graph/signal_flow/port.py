"""Ports and the signals they carry.

=========================  ===================  ======================================================
signal                     crosses instances    content
=========================  ===================  ======================================================
synapse input label        no                   6-bit label (spiking) or 5-bit activation on a row
synaptic input             no                   analog current of a synapse column
membrane voltage           no                   analog
crossbar input/output label  no                 14-bit neuron label on a crossbar line
synapse driver input label no                   11-bit label on a PADI bus
timed spikes to/from chip  yes                  events with times
timed MADC samples         yes                  samples with times
UInt32, UInt5, Int8        yes                  vectors of numbers
configuration              yes                  parameters that come with the data of a run
=========================  ===================  ======================================================

Stored and streamed forms of the same content are one signal here. Source: reference graph.md 2.2, 3.
"""

from __future__ import annotations

from enum import Enum

import attrs


class Signal(Enum):
    """What travels along a connection; both ends carry the same."""

    SYNAPSE_INPUT_LABEL = "synapse input label"
    SYNAPTIC_INPUT = "synaptic input"
    MEMBRANE_VOLTAGE = "membrane voltage"
    CROSSBAR_INPUT_LABEL = "crossbar input label"
    CROSSBAR_OUTPUT_LABEL = "crossbar output label"
    SYNAPSE_DRIVER_INPUT_LABEL = "synapse driver input label"
    TIMED_SPIKE_TO_CHIP = "timed spikes to chip"
    TIMED_SPIKE_FROM_CHIP = "timed spikes from chip"
    TIMED_MADC_SAMPLE_FROM_CHIP = "timed MADC samples from chip"
    UINT32 = "uint32"
    UINT5 = "uint5"
    INT8 = "int8"
    CONFIGURATION = "configuration"


class Transition(Enum):
    """Whether a connection at a port may or has to lead to another execution instance (or to the host)."""

    NOT_SUPPORTED = "not supported"
    SUPPORTED = "supported"
    REQUIRED = "required"


@attrs.frozen(kw_only=True)
class Port:
    """One input or output of a vertex.

    Args:
        signal: what it carries.
        channels: number of channels, at least 1.
        several: input: several connections may drive one channel (sum); output: one channel may feed several
            connections (split).
        transition: whether connections may or have to cross execution instances.
        data: input: data have to be supplied when nothing is connected; output: its data are a result.
    """

    signal: Signal
    channels: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    several: bool = False
    transition: Transition = Transition.NOT_SUPPORTED
    data: bool = False
