"""Settings that concern a whole synapse array: SRAM timing and the origin of its bias currents."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at, elements
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, variables
from hxtwin.containers.fields import BoolArray, flags, uint
from hxtwin.containers.layout import Target, leaf
from hxtwin.coord import CapMemBlockOnDLS, CommonSynramConfigOnDLS, SynapseBiasSelectionOnDLS, SynramOnDLS

(synram,) = variables("synram")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CommonSynramConfig(Container):
    """Timing of the full-custom synapse SRAM controller of one hemisphere, separately for the west and east half."""

    layout = leaf(
        coordinate=CommonSynramConfigOnDLS,
        components={"synram": SynramOnDLS},
        words=3,
        address=0x02000000 + 0x01000000 * synram + WORD,
        differential=True,
        notes=(
            "Part of MemoryTiming. At start-up the host may replace pc_conf/w_conf by per-chip values of the "
            "hardware database (lists [hemisphere][west, east]); without database entries the defaults above "
            "apply. Wrong values make synapse memory unreliable; a simulator may ignore the values."
        ),
    )
    pc_conf_west: int = uint(
        "Precharge setting, west half; larger code = shorter precharge.", at(0, 0, 4), maximum=15, default=8
    )
    pc_conf_east: int = uint(
        "Precharge setting, east half; larger code = shorter precharge.", at(0, 4, 4), maximum=15, default=8
    )
    w_conf_west: int = uint(
        "Word line activation delay, west half; larger code = shorter delay.", at(1, 0, 8), maximum=255, default=3
    )
    w_conf_east: int = uint(
        "Word line activation delay, east half; larger code = shorter delay.", at(1, 8, 8), maximum=255, default=3
    )
    wait_ctr_clear: int = uint(
        "Wait counter of the controller state machine.",
        at(2, 0, 3),
        maximum=7,
        default=4,
        unit="controller clock cycles (inferred)",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseBiasSelection(Container):
    """Per quadrant: use the CapMem-generated (internal) bias currents of the synapses instead of external pins."""

    layout = leaf(
        coordinate=SynapseBiasSelectionOnDLS,
        address=0x00100000,
        refuses_reads_on=(
            Target.HARDWARE,
            Target.SIMULATION,
        ),
        notes=(
            "By quadrant, but the nibbles of the word are swapped in pairs: bits 3..0 belong to block 1, "
            "7..4 to block 0, 11..8 to block 3, 15..12 to block 2. Part of CapMem and so of Chip."
        ),
    )
    enable_internal_dac_bias: BoolArray = flags(
        "Internal bias of the synapse weight DAC.",
        elements(at(0, 7), at(0, 3), at(0, 15), at(0, 11)),
        index=CapMemBlockOnDLS,
        default=True,
    )
    enable_internal_ramp_bias: BoolArray = flags(
        "Internal bias of the correlation ramp (time constant).",
        elements(at(0, 6), at(0, 2), at(0, 14), at(0, 10)),
        index=CapMemBlockOnDLS,
        default=True,
    )
    enable_internal_store_bias: BoolArray = flags(
        "Internal bias of the correlation store current (amplitude).",
        elements(at(0, 5), at(0, 1), at(0, 13), at(0, 9)),
        index=CapMemBlockOnDLS,
        default=True,
    )
    enable_internal_output_bias: BoolArray = flags(
        "Internal bias of the correlation output (readout source follower).",
        elements(at(0, 4), at(0, 0), at(0, 12), at(0, 8)),
        index=CapMemBlockOnDLS,
        default=True,
    )
