"""All topics of the declaration table, and the introduction to the package that is written from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coordinates import (
    cadc,
    capmem,
    chip,
    column_switches,
    crossbar,
    cube_board,
    event,
    execution,
    fpga,
    generic,
    i2c,
    jboa,
    jtag,
    link,
    neuron,
    omnibus,
    padi,
    pll,
    ppu,
    readout,
    spi,
    synapse,
    synapse_driver,
    system,
    timing,
)

if TYPE_CHECKING:
    from coordinates.generator.catalogue import Topic

TOPICS: Final[tuple[Topic, ...]] = (
    generic.TOPIC,
    chip.TOPIC,
    synapse.TOPIC,
    synapse_driver.TOPIC,
    padi.TOPIC,
    column_switches.TOPIC,
    neuron.TOPIC,
    cadc.TOPIC,
    capmem.TOPIC,
    readout.TOPIC,
    crossbar.TOPIC,
    event.TOPIC,
    ppu.TOPIC,
    fpga.TOPIC,
    system.TOPIC,
    link.TOPIC,
    jtag.TOPIC,
    omnibus.TOPIC,
    pll.TOPIC,
    timing.TOPIC,
    cube_board.TOPIC,
    jboa.TOPIC,
    i2c.TOPIC,
    spi.TOPIC,
    execution.TOPIC,
)

PACKAGE_DOC: Final = """Typed coordinates: where a thing is.

A coordinate is an immutable number with a type. The type keeps apart what are all small integers (column, quad,
block, hemisphere), carries the range, and knows its relatives.

===========  ===================================  ==============================  ==============================
kind         what it is                           built from                      linear index
===========  ===================================  ==============================  ==============================
ranged       integer of [min, max]                ``T(5)``                        the value
label        integer that is a value, no place    ``T(5)``                        the value
grid         pair (x, y)                          ``T(5)``, ``T(x, y)``           ``y * x_size + x``
composite    inner part on outer part             ``T(5)``, ``T(inner, outer)``   ``outer * inner_size + inner``
interval     closed interval [min, max]           ``T(5)``, ``T(first, last)``    position in ``T.all()``
===========  ===================================  ==============================  ==============================

Every type has ``min``, ``max``, ``size``, ``all()``; every coordinate converts with ``int()``, serves as an index of
sequences and arrays, compares and hashes within its type, and has one method ``to_<target>()`` per conversion.

>>> from hxtwin import coord
>>> row = coord.SynapseRowOnDLS(coord.SynapseRowOnSynram(17), coord.SynramOnDLS.bottom)
>>> int(row), row.to_synapse_driver_on_dls()
(273, SynapseDriverOnDLS(SynapseDriverOnSynapseDriverBlock(8), SynapseDriverBlockOnDLS(1)))
>>> coord.SynapseRowOnDLS(synapse_row_on_synram=17, synram_on_dls=1) == row
True
>>> coord.AtomicNeuronOnDLS(coord.NeuronColumnOnDLS(44), coord.NeuronRowOnDLS.bottom).to_neuron_backend_config_on_dls()
NeuronBackendConfigOnDLS(NeuronBackendConfigOnNeuronBackendConfigBlock(172), NeuronBackendConfigBlockOnDLS(0))
>>> coord.convert_indices([300], coord.AtomicNeuronOnDLS, coord.NeuronResetOnDLS)
array([172])

Source: reference coordinates.md and coordinates.json; conversions that the reference lists as missing are added.
"""
