"""Correlation ADC: 512 channels per hemisphere, two per column.

=====================  =========================================================================
sample of a quad       ``65536 * hemisphere + 32768 * readout + 16384 * type + 64 * row + quad column``
channel settings       ``512 * hemisphere + 256 * type + column``
sample of a row        ``256 * hemisphere + row``
=====================  =========================================================================

Source: reference coordinates.md, section 3.4.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import Alternative, composite, hemisphere, ranged, same_index, unique
from coordinates.synapse import QUADS, ROWS

QUAD_ON_DLS = "16384 * (e // 65536) + e % 16384"

TOPIC = Topic(
    "cadc",
    __doc__,
    (
        hemisphere("CADCOnDLS", "Readout chain of a hemisphere.", explicit=True),
        hemisphere("CADCConfigOnDLS", "Settings common to the CADC channels of a hemisphere.", explicit=True),
        ranged(
            "CADCChannelType",
            2,
            "The two channels of a column.",
            explicit=True,
            constants={"causal": 0, "acausal": 1},
        ),
        ranged(
            "CADCReadoutType",
            2,
            "Whether a read triggers a conversion or returns the results kept from an earlier one.",
            explicit=True,
            constants={"trigger_read": 0, "buffered": 1},
        ),
        ranged(
            "CADCChannelColumnOnSynram",
            256,
            "Column of CADC channels; the same number as the synapse column, not permuted into quads.",
            explicit=True,
        ),
        composite(
            "CADCSampleQuadUnspecifiedReadoutOnSynram",
            "SynapseQuadOnSynram",
            "CADCChannelType",
            "Four samples of one channel type, readout type left open.",
        ),
        composite(
            "CADCSampleQuadOnSynram",
            "CADCSampleQuadUnspecifiedReadoutOnSynram",
            "CADCReadoutType",
            "Four samples of one channel and readout type, on a synapse array.",
            alternative=Alternative(
                {"SynapseQuadOnSynram": "quad", "CADCChannelType": "channel", "CADCReadoutType": "readout"},
                "32768 * readout + 16384 * channel + quad",
                2,
            ),
        ),
        composite(
            "CADCSampleQuadOnDLS",
            "CADCSampleQuadOnSynram",
            "SynramOnDLS",
            "Four samples of one channel and readout type.",
            container=True,
            to=dict.fromkeys(QUADS, QUAD_ON_DLS),
        ),
        composite(
            "CADCChannelConfigOnSynram",
            "CADCChannelColumnOnSynram",
            "CADCChannelType",
            "Offset of a CADC channel, on a synapse array.",
            to={"SynapseOnSynapseRow": "e % 256"},
        ),
        composite(
            "CADCChannelConfigOnDLS",
            "CADCChannelConfigOnSynram",
            "SynramOnDLS",
            "Offset of a CADC channel. It is stored in the neuron settings block of its quadrant.",
            container=True,
            to={"NeuronConfigBlockOnDLS": "2 * (e // 512) + (e % 256) // 128"},
        ),
        composite(
            "CADCSampleRowOnDLS",
            "SynapseRowOnSynram",
            "SynramOnDLS",
            "Samples of all 256 columns, causal and acausal.",
            container=True,
            to=same_index(ROWS),
        ),
        unique("CADCSamplesOnDLS", "Samples of all 1024 channels at once."),
        ranged(
            "CADCOffsetSRAMTimingConfigOnDLS", 4, "Memory access timing of the offsets of a quadrant.", container=True
        ),
    ),
)
