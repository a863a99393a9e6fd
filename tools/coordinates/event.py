"""Events: spike labels and the words that carry spikes and samples.

Views of a 16-bit spike label; they overlap, and setting one keeps all other bits:

==============================  ==========  ==============================
view                            bits        type
==============================  ==========  ==============================
``spl1_address``                14, 15      `SPL1Address`
``neuron_label``                0..13       `NeuronLabel`
``padi_label``                  0..9        `SpikeLabel.PADILabel`
``neuron_event_output``         8..10       `NeuronEventOutputOnDLS`
``neuron_backend_address_out``  0..7        `NeuronBackendAddressOut`
``row_select_address``          6..10       `PADIRowSelectAddress`
``synapse_label``               0..5        `SynapseLabel`
==============================  ==========  ==============================

``padi_label`` has ten bits although row select address and synapse label together need eleven.

Source: reference coordinates.md, section 3.6.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import Field, label, ranged, unique

TOPIC = Topic(
    "event",
    __doc__,
    (
        unique("SpikePack1ToChipOnDLS", "Instruction that sends one spike to the chip."),
        unique("SpikePack2ToChipOnDLS", "Instruction that sends two spikes to the chip in one cycle."),
        unique("SpikePack3ToChipOnDLS", "Instruction that sends three spikes to the chip in one cycle."),
        ranged("SpikePackFromFPGAOnDLS", 3, "Number of spikes in one response word.", first=1),
        ranged("MADCSamplePackFromFPGAOnDLS", 3, "Number of MADC samples in one response word.", first=1),
        label("NeuronLabel", 14, "The part of a spike label that the crossbar hands on."),
        label(
            "SPL1Address",
            2,
            "Link channel between FPGA and chip, the upper two bits of a spike label.",
            to={"CrossbarInputOnDLS": "e + 8", "CrossbarL2OutputOnDLS": "e"},
        ),
        label("SynapseLabel", 6, "Address stored in a synapse, compared with bits 0..5 of an event."),
        label(
            "SpikeLabel",
            16,
            "Label of a spike between FPGA and chip.",
            wraps=True,
            implicit=False,
            fields={
                "spl1_address": Field("SPL1Address", 14, 2),
                "neuron_label": Field("NeuronLabel", 0, 14),
                "padi_label": Field("SpikeLabel.PADILabel", 0, 10),
                "neuron_event_output": Field("NeuronEventOutputOnDLS", 8, 3),
                "neuron_backend_address_out": Field("NeuronBackendAddressOut", 0, 8),
                "row_select_address": Field("PADIRowSelectAddress", 6, 5),
                "synapse_label": Field("SynapseLabel", 0, 6),
            },
            to={"SpikeIOOutputRouteOnFPGA": "e"},
            added={"OutputRoutingTableEntryOnFPGA": "e"},
        ),
        label("SpikeLabel.PADILabel", 10, "View of a spike label as a PADI bus sees it."),
    ),
)
