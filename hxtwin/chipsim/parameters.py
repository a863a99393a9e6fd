"""All numbers of the twin that the sources leave open, in one place.

The comment of each number names its rule (reference: simulator-decisions.md). FPGA cycles are 8 ns, chip cycles 4 ns.
"""

from __future__ import annotations

from typing import Final

import attrs

NEVER: Final = 1 << 62
"""A cycle that does not come."""
CHIP_CYCLES: Final = 2
"""Chip cycles in one FPGA cycle."""


@attrs.frozen(kw_only=True)
class Parameters:
    """Latencies, depths and identities of FPGA and chip; see the table of rules in simulator-decisions.md."""

    # --- identities (fpga-instructions.md 3) ---
    idcode: int = 0x348580AF
    """JTAG identification code of the chip, revision 3."""

    # --- reset, lifetime (rules 2, 5) ---
    instruction_timeout: int = 1_250_000
    """Cycles after which a blocked instruction is given up, at power-up; FPGA cycles."""
    systime_retries: int = 3
    """Number of tries of the systime synchronisation at power-up."""
    program_gap: int = 12_500
    """FPGA cycles from the halt of a program to the first instruction of the next."""

    # --- bus (rule 13) ---
    request_cycles: int = 25
    """Way of an access from the executor to the chip, FPGA cycles."""
    bus_cycles: int = 10
    """Way on the chip's bus, FPGA cycles."""
    answer_cycles: int = 25
    """Way back, FPGA cycles."""
    fpga_register_cycles: int = 2
    """An access to a register of the FPGA, FPGA cycles."""
    reads_in_flight: int = 52
    """Most reads without answer."""
    writes_in_flight: int = 64
    """Most writes that wait for a link."""
    cadc_read_cycles: int = 95
    """A read of CADC results occupies its hemisphere so long, FPGA cycles."""
    spike_counter_cycles: int = 56
    """Additional time of a read of a spike counter, FPGA cycles (112 chip cycles)."""

    # --- JTAG (rule 14) ---
    jtag_instruction_bits: int = 7
    """Bits of the instruction register."""
    jtag_protocol_clocks: int = 5
    """JTAG clocks around each shift."""
    jtag_init_clocks: int = 8
    """JTAG clocks of a reset of the TAP."""
    jtag_scaler_offset: int = 2
    """One JTAG clock = (scaler + this) FPGA cycles."""

    # --- links (rules 17, 22, 25) ---
    phy_count: int = 8
    """High-speed links between FPGA and chip."""
    phy_up_cycles: int = 5000
    """Time from the last condition to link 0 up, FPGA cycles."""
    phy_up_step: int = 8
    """Further links come up so much later each, FPGA cycles."""
    link_queue: int = 64
    """Labels that wait for the link in one direction; two leave per FPGA cycle."""
    systime_cycles: int = 120
    """Duration of a systime synchronisation, FPGA cycles."""
    systime_round_trip: int = 50
    """Round trip that it reports."""
    systime_one_way: int = 25
    """Chip time that it reports, above the base."""

    # --- performance test of the link (runtime.md 11) ---
    test_bits_per_ms: int = 595_000
    """Rate over each link, bit per ms."""
    test_word_bits: int = 59
    """Bits of a word."""
    test_links: int = 5
    """More links do not make it faster."""

    # --- spikes that come back to the chip; the sources and the rules give no delays (inferred) ---
    routing_cycles: int = 25
    """From the arrival of a spike to its way back, FPGA cycles."""
    serial_frame_bits: int = 10
    """Bits of a serial frame: start, eight of address, stop."""

    # --- events (rules 24, 26, 30, 31), chip cycles ---
    link_to_crossbar: int = 50
    """FPGA to crossbar input."""
    crossbar_to_link: int = 50
    """Crossbar output to FPGA."""
    fire_to_crossbar: int = 4
    """Fire of a neuron to crossbar input."""
    crossbar_cycles: int = 2
    """Crossbar input to output."""
    padi_to_synapse: int = 4
    """Crossbar output to the synapses."""
    crossbar_queue: int = 8
    """Events in front of each crossbar node."""
    crossbar_slow_cycles: int = 8
    """Distance of events at a slow output."""
    padi_cycles: int = 2
    """A PADI bus takes one event in so many cycles."""
    padi_extended_cycles: int = 4
    """The same with extended timing."""
    padi_queue: int = 8
    """Events in front of each PADI bus."""
    event_urgency: int = 112
    """FPGA cycles after which a waiting event goes before answers; below 128, the span of its time stamp."""

    # --- CADC (rule 27), chip cycles ---
    cadc_ramp_cycles: int = 128
    """256 counts at 500 MHz."""
    cadc_wait_scale: int = 2
    """Chip cycles of one count of reset_wait and dead_time."""


DEFAULTS: Final = Parameters()
"""The numbers of simulator-decisions.md."""
