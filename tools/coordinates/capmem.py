"""Analog parameter memory (CapMem): four blocks of 130 columns x 24 rows.

==================  ==============================================================================
cell of the block   ``130 * row + column``
cell of the chip    ``3120 * block + 130 * row + column``
columns 0..127      neuron circuits of the quadrant; the row is the parameter
columns 128, 129    shared parameters
==================  ==============================================================================

Source: reference coordinates.md, section 3.5.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import (
    Alternative,
    Predicate,
    composite,
    grid,
    ranged,
    unique,
)


def cell(column: int, row: int, block: int = 0) -> int:
    """Return the index of a cell on the chip, of block 0 also the index on the block."""
    return 3120 * block + 130 * row + column


NEURON_PARAMETERS = (
    "v_leak",
    "v_reset",
    "v_threshold",
    "e_synin_exc_rev",
    "e_synin_inh_rev",
    "v_adapt_leak",
    "v_exp",
    "v_adapt_ref",
    "i_bias_leak",
    "i_bias_reset",
    "i_bias_synin_exc_tau",
    "i_bias_synin_exc_coba",
    "i_bias_synin_exc_shift",
    "i_bias_synin_exc_gm",
    "i_bias_synin_inh_tau",
    "i_bias_synin_inh_coba",
    "i_bias_synin_inh_shift",
    "i_bias_synin_inh_gm",
    "i_bias_adapt_tau",
    "i_bias_adapt_a",
    "i_bias_adapt_b",
    "i_bias_exp",
    "i_mem_offset",
    "i_bias_nmda",
)
"""Parameter of a neuron circuit in each row, from row 0 on."""

SHARED_IN_EVERY_BLOCK = {
    "stp_v_charge_0": cell(128, 0),
    "stp_v_charge_1": cell(128, 1),
    "stp_v_recover_0": cell(128, 2),
    "stp_v_recover_1": cell(128, 3),
    "cadc_v_ramp_offset": cell(128, 4),
    "cadc_v_bias_ramp_buf": cell(128, 5),
    "neuron_v_bias_casc_n": cell(128, 7),
    "syn_i_bias_dac": cell(128, 8),
    "syn_i_bias_ramp": cell(128, 9),
    "syn_i_bias_store": cell(128, 10),
    "syn_i_bias_corout": cell(128, 11),
    "stp_i_bias_comparator": cell(128, 12),
    "stp_i_ramp": cell(128, 13),
    "stp_i_calib": cell(128, 14),
    "cadc_i_ramp_slope": cell(128, 15),
    "cadc_i_bias_comp": cell(128, 16),
    "cadc_i_bias_vreset_buf": cell(128, 17),
    "neuron_i_bias_readout_amp": cell(128, 18),
    "neuron_i_bias_leak_source_follower": cell(128, 19),
    "neuron_i_bias_spike_comparator": cell(128, 20),
    "neuron_i_bias_synin_drop": cell(129, 23),
}

SHARED_IN_ONE_BLOCK = {
    "readout_sc_amp_v_ref": cell(128, 6, block=0),
    "readout_pseudo_diff_v_ref": cell(128, 6, block=1),
    "readout_iconv_test_voltage": cell(128, 6, block=2),
    "readout_iconv_sc_amp_v_ref": cell(128, 6, block=3),
    "readout_iconv_sc_amp_i_bias": cell(128, 21, block=0),
    "readout_pseudo_diff_buffer_bias": cell(128, 22, block=0),
    "readout_out_amp_i_bias_0": cell(128, 23, block=0),
    "readout_out_amp_i_bias_1": cell(129, 8, block=0),
    "readout_idac_i_bias": cell(129, 9, block=0),
    "readout_idac_i_bias_casc": cell(129, 10, block=0),
    "readout_iconv_i_bias_buffer": cell(129, 11, block=0),
    "readout_ac_mux_i_bias": cell(129, 12, block=0),
    "readout_madc_in_500na": cell(129, 13, block=0),
    "readout_sc_amp_i_bias": cell(129, 14, block=0),
    "stp_ibias_readout_top": cell(128, 21, block=1),
    "stp_ibias_readout_bottom": cell(128, 21, block=3),
    "hagen_ibias_dac_top": cell(128, 22, block=1),
    "hagen_ibias_dac_bottom": cell(128, 22, block=3),
}

# 90 cells: (block 1, column 128, row 23), (block 3, same), block 2 column 128 rows 21..23, block 0 column 129 rows
# 0..7 and 15..22, then column 129 rows 0..22 of the blocks 1, 2, 3.
UNUSED_CELLS = (
    "6238 + 6240 * e if e < 2 "
    "else 8968 + 130 * (e - 1) if e < 5 "
    "else 129 + 130 * (e - 5) if e < 13 "
    "else 2079 + 130 * (e - 13) if e < 21 "
    "else 3249 + 3120 * ((e - 21) // 23) + 130 * ((e - 21) % 23)"
)

QUADRANT = {"CapMemBlockOnHemisphere": "e % 2", "HemisphereOnDLS": "e // 2"}

TOPIC = Topic(
    "capmem",
    __doc__,
    (
        unique("CapMemOnDLS", "All analog parameter cells of the chip."),
        unique("ReferenceGeneratorConfigOnDLS", "Generator of the reference current of the analog parameter memory."),
        ranged(
            "CapMemColumnOnCapMemBlock",
            130,
            "Column of cells: 0..127 belong to the neuron circuits of the quadrant, 128 and 129 are shared.",
            axis="x",
            predicates={"is_shared": Predicate("e >= 128", "Return whether the column holds shared parameters.")},
        ),
        ranged(
            "CapMemRowOnCapMemBlock",
            24,
            "Row of cells: 0..7 voltages, 8..23 currents. The constants name the neuron parameter of columns 0..127; "
            "the shared columns have an assignment of their own.",
            axis="y",
            constants={name: row for row, name in enumerate(NEURON_PARAMETERS)},
        ),
        ranged("CapMemBlockOnHemisphere", 2, "Block in its hemisphere.", constants={"left": 0, "right": 1}),
        ranged(
            "CapMemBlockOnDLS",
            4,
            "Block of a quadrant: 0 top left, 1 top right, 2 bottom left, 3 bottom right.",
            container=True,
            to=QUADRANT,
            alternative=Alternative(
                {"CapMemBlockOnHemisphere": "side", "HemisphereOnDLS": "half"}, "side + 2 * half", 2
            ),
        ),
        ranged("CapMemBlockConfigOnDLS", 4, "Settings of a block.", container=True, to=QUADRANT),
        ranged("CapMemSRAMTimingConfigOnDLS", 4, "Memory access timing of a block.", container=True, to=QUADRANT),
        grid(
            "CapMemCellOnCapMemBlock",
            "CapMemColumnOnCapMemBlock",
            "CapMemRowOnCapMemBlock",
            "Cell of a block. The constants are the shared parameters that every block has.",
            constants=SHARED_IN_EVERY_BLOCK,
            predicates={"is_shared": Predicate("e % 130 >= 128", "Return whether the cell is a shared parameter.")},
        ),
        composite(
            "CapMemCellOnDLS",
            "CapMemCellOnCapMemBlock",
            "CapMemBlockOnDLS",
            "Cell of the chip. The constants are the shared parameters that only one block has.",
            container=True,
            constants=SHARED_IN_ONE_BLOCK,
        ),
        ranged("UnusedCapMemCellOnDLS", 90, "The cells without function.", to={"CapMemCellOnDLS": UNUSED_CELLS}),
    ),
)
