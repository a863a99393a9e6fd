"""Synapse driver: event filter, row modes, short-term plasticity and multiply-accumulate settings."""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import at, reversed_bits
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import choice, flag, uint
from hxtwin.containers.layout import Target, leaf
from hxtwin.coord import SynapseDriverBlockOnDLS, SynapseDriverOnDLS, SynapseDriverOnSynapseDriverBlock

block, driver = variables("block", "driver")


class SynapseRowMode(IntEnum):
    """Mode of a synapse row: which line of its columns gets the current."""

    DISABLED = 0
    EXCITATORY = 1
    INHIBITORY = 2
    EXCITATORY_AND_INHIBITORY = 3


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseDriverConfig(Container):
    """One synapse driver: event filter, row modes, short-term plasticity and hagen settings."""

    layout = leaf(
        coordinate=SynapseDriverOnDLS,
        components={"block": SynapseDriverBlockOnDLS, "driver": SynapseDriverOnSynapseDriverBlock},
        words=3,
        address=select((0x110400, 0x118400), block) + 4 * driver + WORD,
        differential=True,
        refuses_reads_on=(Target.SIMULATION,),
        notes=(
            "Four addresses per driver, the fourth is unused. Inverted: enable_address_out, "
            "hagen_dac_offset, enable_charge_sharing. Bit-reversed: recovery (value bit 0 at word bit 3). "
            "Default words: 0x3e00, 0x3f00, 0x40. Unused: word 0 bits 31..16, word 1 bits 31..14, word 2 bit "
            "5 and 31..8. On decode the words are masked with 0xffff, 0x3fff, 0xdf. Words 0 and 1 are 16 bit "
            "wide SRAM words, word 2 8 bit (inferred). PADI bus of a driver: driver % 4 of its hemisphere; "
            "index on the bus (compared with the row select address): driver // 4. Even drivers use the "
            "west, odd drivers the east CapMem block of the hemisphere (block 2*hemisphere + driver%2)."
        ),
    )
    enable_receiver: bool = flag("Receive events from the PADI bus. 0: driver is deaf.", at(0, 15))
    row_address_compare_mask: int = uint(
        "Event accepted if (row_select ^ (driver//4)) & mask == 0.", at(0, 9, 5), maximum=31, default=31
    )
    enable_address_out: bool = flag(
        "1: forward all 6 event address bits to the synapses; 0: forward only bit 5, low five bits reach the "
        "synapses as 0 (hagen).",
        at(0, 14, inverted=True),
        default=True,
    )
    utilization: int = uint("STP utilization strength.", at(0, 0, 4), maximum=15)
    offset: int = uint("Trim of the dacen pulse width (ramp comparator offset).", at(0, 4, 4), maximum=15)
    enable_hagen_dac: bool = flag("DAC that turns a hagen activation into an STP voltage.", at(0, 8))
    recovery: int = uint("STP recovery rate.", reversed_bits(1, 0, 4), maximum=15)
    row_mode_bottom: SynapseRowMode = choice(
        "Mode of the driver's bottom row = synapse row 2*driver.", at(1, 4), at(1, 6, value_lsb=1), of=SynapseRowMode
    )
    row_mode_top: SynapseRowMode = choice(
        "Mode of the driver's top row = synapse row 2*driver + 1.", at(1, 5), at(1, 7, value_lsb=1), of=SynapseRowMode
    )
    hagen_dac_offset: int = uint(
        "Offset of the hagen DAC; larger value = smaller amplitude.", at(1, 8, 6, inverted=True), maximum=63
    )
    select_target_voltages: int = uint(
        "Which pair of STP voltages: 0 = (v_charge_0, v_recover_0), 1 = (v_charge_1, v_recover_1).", at(2, 0), maximum=1
    )
    enable_readout: bool = flag("Connect the driver's STP voltage to the readout line of the hemisphere.", at(2, 1))
    enable_renewing: bool = flag("Renewing synapses (defective in silicon).", at(2, 2))
    enable_hagen_modulation: bool = flag("Pulse width modulated by the 5-bit activation.", at(2, 3))
    enable_stp: bool = flag("Short-term plasticity circuit (also needed for hagen).", at(2, 4))
    enable_charge_sharing: bool = flag(
        "Charge sharing for larger utilization (defective in silicon).", at(2, 6, inverted=True)
    )
    enable_recovery: bool = flag("STP recovery circuit.", at(2, 7))
