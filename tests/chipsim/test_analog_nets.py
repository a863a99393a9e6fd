"""Shared analog lines: pads, debug lines, board, and what the source multiplexers see of them."""

from __future__ import annotations

import numpy as np
import pytest

from hxtwin.chipsim.elaborate.cap_mem import CellValues
from hxtwin.chipsim.readout.analog_nets import AnalogNets, Net
from hxtwin.chipsim.readout.board_voltages import V_RESET, BoardVoltages
from hxtwin.chipsim.readout.sources import SourceMultiplexers
from hxtwin.chipsim.registers.register_file import RegisterFile
from hxtwin.containers import CapMemBlockConfig, PadMultiplexerConfig, ReadoutSourceSelection, ShiftRegister
from hxtwin.containers.capmem_block_config import CapMemDebugCell
from hxtwin.containers.shift_register import AnalogReadoutMux1Input, AnalogReadoutMux2Input
from hxtwin.coord import CapMemBlockConfigOnDLS, PadMultiplexerConfigOnDLS

from .written_registers import cells_with, shown, write

ONE_OF_FOUR = np.array([1, 0, 0, 0], dtype=np.bool_)


def select_cell(registers: RegisterFile, quadrant: int, row: int, column: int) -> None:
    config = CapMemBlockConfig(debug_readout_enable=True, debug_capmem_coord=CapMemDebugCell(row=row, column=column))
    write(registers, config, CapMemBlockConfigOnDLS(quadrant))


def pad_config(registers: RegisterFile, pad: int, **switches: object) -> None:
    write(registers, PadMultiplexerConfig().with_columns(switches), PadMultiplexerConfigOnDLS(pad))


def send_dac(board: BoardVoltages, channel: int, code: int) -> None:
    board.transferred(2, bytes([channel << 4 | code >> 8, code & 0xFF]))


def send_shift_register(board: BoardVoltages, register: ShiftRegister) -> None:
    (word,) = register.encode().tolist()
    board.transferred(1, bytes([word >> 16 & 0xFF, word >> 8 & 0xFF, word & 0xFF]))


@pytest.mark.parametrize(("code", "pad"), [(70, 0), (550, 0), (310, 1)])
def test_the_cadc_calibration_sees_a_capmem_cell_on_both_debug_lines(code: int, pad: int) -> None:
    registers = RegisterFile()
    select_cell(registers, 0, 0, 128)
    pad_config(
        registers,
        pad,
        capmem_v_out_mux=ONE_OF_FOUR,
        capmem_v_out_mux_to_capmem_intermediate_mux=True,
        capmem_intermediate_mux_to_pad=True,
        cadc_debug_causal_to_synapse_intermediate_mux=True,
        cadc_debug_acausal_to_synapse_intermediate_mux=True,
        synapse_intermediate_mux_to_pad=True,
    )
    voltages = AnalogNets(registers).voltages(cells_with(stp_v_charge_0=code), BoardVoltages())
    expected = 0.0188 + 1.875e-3 * code
    assert voltages.cadc_debug == pytest.approx((expected, expected))
    assert voltages[Net(Net.PAD_0 + pad)] == pytest.approx(expected)
    assert np.isnan(voltages.synaptic_debug).all()


def test_a_line_whose_way_is_cut_is_not_driven() -> None:
    registers = RegisterFile()
    select_cell(registers, 0, 0, 128)
    closed = {
        "capmem_v_out_mux": ONE_OF_FOUR,
        "capmem_v_out_mux_to_capmem_intermediate_mux": True,
        "capmem_intermediate_mux_to_pad": True,
        "cadc_debug_causal_to_synapse_intermediate_mux": True,
        "synapse_intermediate_mux_to_pad": True,
    }
    cells = cells_with(stp_v_charge_0=300)
    for name, switch in closed.items():
        pad_config(registers, 0, **closed | {name: np.zeros_like(switch)})
        assert np.isnan(AnalogNets(registers).voltages(cells, BoardVoltages()).cadc_debug[0]), name
    pad_config(registers, 0, **closed)
    assert not np.isnan(AnalogNets(registers).voltages(cells, BoardVoltages()).cadc_debug[0])


def test_the_selected_cell_of_a_quadrant_is_shown_and_current_cells_give_no_voltage() -> None:
    registers = RegisterFile()
    codes = np.arange(4 * 24 * 130, dtype=np.float64).reshape(4, 24, 130) % 1000
    pad_config(
        registers,
        0,
        capmem_v_out_mux=np.array([0, 0, 0, 1]),
        capmem_v_out_mux_to_capmem_intermediate_mux=True,
        capmem_intermediate_mux_to_pad=True,
    )
    for row, column in ((7, 5), (0, 129), (3, 64)):
        select_cell(registers, 3, row, column)
        found = AnalogNets(registers).voltages(CellValues(codes), BoardVoltages())[Net.PAD_0]
        assert found == pytest.approx(0.0188 + 1.875e-3 * codes[3, row, column])
    for row in (8, 23):
        select_cell(registers, 3, row, 5)
        assert AnalogNets(registers).voltages(CellValues(codes), BoardVoltages())[Net.PAD_0] == 0


# --- board --------------------------------------------------------------------------------------------------------


def test_a_dac_channel_gives_its_share_of_full_scale_once_it_was_written() -> None:
    board = BoardVoltages()
    assert board.correlation_reset is None
    send_dac(board, 7, 3030)
    send_dac(board, 1, 3071)
    send_dac(board, 0, 2047)
    assert board.correlation_reset == pytest.approx(1.85, abs=1e-3)
    assert board.res_meas == pytest.approx(0.9, abs=1e-3)
    assert board.volts(V_RESET) == pytest.approx(0.6, abs=1e-3)


def test_power_down_switches_single_channels_off() -> None:
    board = BoardVoltages()
    send_dac(board, 7, 4095)
    send_dac(board, 1, 4095)
    board.transferred(2, bytes([0xC0, 1 << 7]))
    assert (board.correlation_reset, board.res_meas) == (0.0, 1.2)
    board.transferred(2, bytes([0xC0, 0]))
    assert board.correlation_reset == 2.5


def test_other_transfers_change_nothing() -> None:
    board = BoardVoltages()
    send_dac(board, 7, 100)
    before = board.correlation_reset
    for offset, sent in ((2, b"\x80\x0c"), (2, b"\xa0\x02"), (2, b"\x70"), (4, b"\x7f\xff"), (1, b"\xff"), (9, b"")):
        board.transferred(offset, sent)
    assert board.correlation_reset == before
    assert board.pad(0) is None


@pytest.mark.parametrize("source", [AnalogReadoutMux2Input.MUX_DAC_25, AnalogReadoutMux2Input.V_RESET])
def test_the_board_drives_the_pad_that_its_multiplexers_select(source: AnalogReadoutMux2Input) -> None:
    board = BoardVoltages()
    send_dac(board, 7, 1966)
    for chain, pad in ((AnalogReadoutMux1Input.READOUT_CHAIN_0, 0), (AnalogReadoutMux1Input.READOUT_CHAIN_1, 1)):
        send_shift_register(
            board,
            ShiftRegister(select_analog_readout_mux_1_input=chain, select_analog_readout_mux_2_input=source),
        )
        assert board.pad(pad) == pytest.approx(1.2, abs=1e-3)
        assert board.pad(1 - pad) is None
    send_shift_register(board, ShiftRegister())
    assert board.pad(0) is None


def test_a_board_voltage_reaches_synaptic_debug_lines_and_the_adcs() -> None:
    registers, board = RegisterFile(), BoardVoltages()
    send_dac(board, 7, 1966)
    send_shift_register(
        board,
        ShiftRegister(
            select_analog_readout_mux_1_input=AnalogReadoutMux1Input.READOUT_CHAIN_0,
            select_analog_readout_mux_2_input=AnalogReadoutMux2Input.V_RESET,
        ),
    )
    pad_config(
        registers,
        0,
        synin_debug_excitatory_to_synapse_intermediate_mux=True,
        synin_debug_inhibitory_to_synapse_intermediate_mux=True,
        synapse_intermediate_mux_to_pad=True,
        debug_to_pad=True,
    )
    voltages = AnalogNets(registers).voltages(cells_with(), board)
    assert voltages.synaptic_debug == pytest.approx((1.2, 1.2), abs=1e-3)
    assert voltages[Net.DEBUG_PLUS] == pytest.approx(1.2, abs=1e-3)
    assert np.isnan(voltages[Net.DEBUG_MINUS])


# --- source multiplexers ------------------------------------------------------------------------------------------


def source_selection(registers: RegisterFile, **switches: object) -> SourceMultiplexers:
    columns = {f"buffer.{name}": value for name, value in switches.items() if not name.startswith("enable")}
    columns |= {name: value for name, value in switches.items() if name.startswith("enable")}
    write(registers, ReadoutSourceSelection().with_columns(columns))
    return SourceMultiplexers(registers)


def test_a_multiplexer_sees_the_circuit_on_the_line_of_row_and_parity() -> None:
    connected = np.zeros(512)
    connected[[6, 256 + 9]] = 1
    registers = RegisterFile()
    multiplexers = source_selection(
        registers, neuron_even=np.array([[1, 0], [0, 0]]), neuron_odd=np.array([[0, 0], [0, 1]])
    )
    nets = AnalogNets(registers).voltages(cells_with(), BoardVoltages())
    first, second = multiplexers.mixtures(shown(enable_readout=connected), nets)
    assert (first.circuits.tolist(), first.weights.tolist(), first.constant) == ([6], [1.0], 0.0)
    assert (second.circuits.tolist(), second.weights.tolist(), second.constant) == ([265], [1.0], 0.0)


def test_several_inputs_and_several_circuits_on_a_line_are_averaged() -> None:
    connected = np.zeros(512)
    connected[[6, 8, 9]] = 1
    registers = RegisterFile()
    multiplexers = source_selection(
        registers, neuron_even=np.array([[1, 0], [0, 0]]), neuron_odd=np.array([[1, 0], [0, 0]])
    )
    nets = AnalogNets(registers).voltages(cells_with(), BoardVoltages())
    first, second = multiplexers.mixtures(shown(enable_readout=connected), nets)
    assert first.circuits.tolist() == [6, 8, 9]
    assert first.weights.tolist() == [0.25, 0.25, 0.5]
    assert not second.circuits.size


def test_a_debug_pad_is_seen_as_a_constant_and_an_undriven_line_as_0_v() -> None:
    registers, board = RegisterFile(), BoardVoltages()
    send_dac(board, 5, 2000)
    send_shift_register(board, ShiftRegister(enable_dac_to_readout_0=True))
    pad_config(registers, 0, debug_to_pad=True)
    multiplexers = source_selection(registers, debug_plus=np.array([1, 0]), debug_minus=np.array([0, 1]))
    nets = AnalogNets(registers).voltages(cells_with(), board)
    first, second = multiplexers.mixtures(shown(), nets)
    assert first.constant == pytest.approx(2000 / 4095 * 2.5)
    assert second.constant == 0


def test_a_pad_shows_the_buffer_that_is_connected_to_it() -> None:
    connected = np.zeros(512)
    connected[6] = 1
    registers = RegisterFile()
    multiplexers = source_selection(
        registers, neuron_even=np.array([[0, 0], [1, 0]]), enable_buffer_to_pad=np.array([0, 1])
    )
    pad_config(registers, 1, buffer_to_pad=np.array([0, 1]))
    nets = AnalogNets(registers).voltages(cells_with(), BoardVoltages())
    output = shown(enable_readout=connected)
    assert multiplexers.at_pad(1, output, nets).circuits.tolist() == [6]
    assert not multiplexers.at_pad(0, output, nets).circuits.size
