"""The typed modules are what the generator writes from the declaration table."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hxtwin import coord

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = ROOT / "tools" / "coordinates" / "generator"


def _tool(name: str) -> ModuleType:
    spec = spec_from_file_location(f"coordinate_generator_{name}", GENERATOR / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


NAMING, FORMULA = _tool("naming"), _tool("formula")


@pytest.mark.slow
def test_regeneration_changes_nothing() -> None:
    command = [sys.executable, str(ROOT / "tools" / "generate_coordinates.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CapMemBlockOnDLS", "cap_mem_block_on_dls"),
        ("PPUOnDLS", "ppu_on_dls"),
        ("CADCOnDLS", "cadc_on_dls"),
        ("X", "x"),
        ("SPL1Address", "spl1_address"),
        ("Timer.Value", "timer_value"),
        ("SpikeLabel.PADILabel", "spike_label_padi_label"),
        ("I2CINA219RoRegisterOnINA219", "i2_cina219_ro_register_on_ina219"),
        ("FPGASystimeSyncLastRTTOnFPGA", "fpga_systime_sync_last_rtt_on_fpga"),
        ("ExternalPPUDRAMMemoryByteOnFPGA", "external_ppudram_memory_byte_on_fpga"),
        ("AD5252ChannelOnAD5252", "ad5252_channel_on_ad5252"),
        ("ADPLLOnDLS", "adpll_on_dls"),
        ("SynapseDriverSRAMTimingConfigOnDLS", "synapse_driver_sram_timing_config_on_dls"),
        ("ExecutionInstanceID", "execution_instance_id"),
        ("DataModem", "data_modem"),
        ("already_snake", "already_snake"),
    ],
)
def test_snake_case_rule(name: str, expected: str) -> None:
    assert NAMING.snake_case(name) == expected


def test_snake_case_keeps_all_types_apart() -> None:
    assert len({NAMING.snake_case(name) for name in coord.types()}) == len(coord.types())


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("e", "e"),
        ("0", "np.full_like(e, 0)"),
        ("4 * (e // 128) + e % 4", "4 * (e // 128) + e % 4"),
        ("e - 8 if e >= 8 else None", "np.where(e >= 8, e - 8, MISSING)"),
        ("e - 8 if 8 <= e < 14 else ERROR", "np.where((e >= 8) & (e < 14), e - 8, MISSING)"),
        ("1 if e < 2 and e % 2 == 1 else 2 if e < 4 else 3",
         "np.where((e < 2) & (e % 2 == 1), 1, np.where(e < 4, 2, 3))"),
    ],
)  # fmt: skip
def test_formulas_for_arrays(formula: str, code: str) -> None:
    assert FORMULA.array_code(formula) == code


def test_formulas_with_several_results_for_arrays() -> None:
    assert FORMULA.array_code(FORMULA.Many("2 * e + i", 2, "position")) == "np.stack((2 * e + 0, 2 * e + 1), axis=-1)"


@pytest.mark.parametrize("formula", ["__import__('os')", "e.real", "e ** 2", "e / 2", "1.5", "'e'", "[e]", "lambda: e"])
def test_formulas_hold_integer_arithmetic_only(formula: str) -> None:
    with pytest.raises(FORMULA.FormulaError):
        FORMULA.parsed(formula)


@pytest.mark.parametrize("formula", ["(1 if e < 2 else None) + 1", "None if e < 2 else e"])
def test_missing_results_stand_in_the_last_branch(formula: str) -> None:
    with pytest.raises(FORMULA.FormulaError):
        FORMULA.scalar_statements(formula, str, "")
