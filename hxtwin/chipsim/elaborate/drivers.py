"""Synapse drivers: pulse widths and short-term plasticity.

==================  ================================================================================================
quantity            law (analog-model.md 5)
==================  ================================================================================================
pulse / full        1 without enable_stp, else 1 - ramp * (V_stp - V_0) / (450 - 50 codes) - 6 % * (offset - 7)
ramp                600 / stp_i_ramp; the authority of the offset scales with stp_i_calib / stp_i_ramp
hagen               V_stp is replaced by the activation DAC: 0.9 * (a / 31), less 4 mV * (hagen_dac_offset - 31)
extension           + 1/2 for each step of dacen_pulse_extension of the bus
utilization         0.2 * (1 + code) / 8, at most 0.4
recovery            (code + 1) / 64 in each tick of 250 MHz / 2**(speed + 1) / 16
==================  ================================================================================================

Drivers are numbered ``128 * hemisphere + driver``. Even drivers take their cells from the west CapMem block of the
hemisphere, odd ones from the east block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.personality import DRIVERS, Personality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues

_HALF: Final = DRIVERS // 2
_BUSES: Final = 4

#: CapMem block of each driver.
BLOCK_OF_DRIVER: Final = np.array([2 * (d // _HALF) + d % 2 for d in range(DRIVERS)], dtype=np.int64)


class DriverParameters(NamedTuple):
    """What the driver kernel needs; ``[256]`` unless said otherwise. Voltages are in codes of voltage cells.

    Attributes:
        plastic: enable_stp, and the comparator has bias: pulses follow V_stp or the activation, bool.
        hagen: activation in address bits 4..0 sets the width, bool.
        zero_width: width at V_stp = 0 in units of the full pulse, float64.
        slope: width lost per code of V_stp, float64.
        hagen_gain: width per unit of activation, float64.
        hagen_zero: width at activation 0, float64.
        extension: added to every width, float64.
        charge: V_charge, float64.
        recover: V_recover, float64.
        utilization: float64.
        tick_factor: 1 - r, share of the distance to V_recover that stays after a tick, float64.
        tick_cycles: chip cycles of a tick, int64; 0 without recovery.
        forwards_address: enable_address_out, bool.
        row_lines: lines that the two rows drive, bit 0 excitatory, bit 1 inhibitory, ``uint8[2, 256]`` (even, odd row).
    """

    plastic: NDArray[np.bool_]
    hagen: NDArray[np.bool_]
    zero_width: NDArray[np.float64]
    slope: NDArray[np.float64]
    hagen_gain: NDArray[np.float64]
    hagen_zero: NDArray[np.float64]
    extension: NDArray[np.float64]
    charge: NDArray[np.float64]
    recover: NDArray[np.float64]
    utilization: NDArray[np.float64]
    tick_factor: NDArray[np.float64]
    tick_cycles: NDArray[np.int64]
    forwards_address: NDArray[np.bool_]
    row_lines: NDArray[np.uint8]


def elaborate_drivers(
    config: Mapping[str, ArrayLike],
    common_stp: Mapping[str, ArrayLike],
    pulse_extension: ArrayLike,
    cells: CellValues,
    personality: Personality | None = None,
    constants: AnalogConstants = NOMINAL,
) -> DriverParameters:
    """Parameters of the 256 drivers.

    Args:
        config: columns of `SynapseDriverConfig`, ``[256]``, in the order 128 * hemisphere + driver.
        common_stp: columns of `CommonSTPConfig`, ``[2]``, hemispheres.
        pulse_extension: ``dacen_pulse_extension`` of the buses, ``[2, 4]``, 0..15.
        cells: CapMem cells with mismatch.
        personality: None for the ideal chip.
        constants: laws.

    Raises:
        TwinArgumentError: a column is missing or has the wrong length.
    """
    chip = Personality.of(personality)
    hemisphere = np.arange(DRIVERS) // _HALF

    def column(name: str) -> NDArray[np.int64]:
        try:
            values = np.asarray(config[name])
        except KeyError:
            raise TwinArgumentError(f"the columns have no field {name!r}; given: {sorted(config)}") from None
        if values.shape != (DRIVERS,):
            raise TwinArgumentError(f"column {name!r} has shape {values.shape}, expected ({DRIVERS},)")
        return values.astype(np.int64)

    def cell(name: str) -> NDArray[np.float64]:
        return cells.shared(name)[BLOCK_OF_DRIVER]

    ramp = np.maximum(cell("stp_i_ramp"), 1.0)
    slope = constants.pulse_ramp_code / ramp / (constants.pulse_zero_code - constants.pulse_full_code)
    authority = constants.pulse_offset_step * cell("stp_i_calib") / ramp
    shift = authority * (constants.pulse_offset_centre - column("offset")) + chip.driver
    # with the ramp at its nominal current the DAC's steps make 0.9 of the full pulse out of 31 activations
    per_activation = constants.hagen_range / 31 * constants.pulse_ramp_code / ramp
    per_offset = per_activation * constants.hagen_offset_step / constants.hagen_step
    hagen_dac = cells.shared("hagen_i_bias_dac")[2 * hemisphere + 1] > 0
    second = column("select_target_voltages") != 0
    charge = np.where(second, cell("stp_v_charge_1"), cell("stp_v_charge_0"))
    recover = np.where(second, cell("stp_v_recover_1"), cell("stp_v_recover_0"))
    utilization = constants.utilization_centre * (1 + column("utilization")) / 8
    rate = np.clip(constants.recovery_per_code * (1 + column("recovery")) * chip.recovery, 0.0, 1.0)
    speed = np.asarray(common_stp["recovery_clock_speed"], dtype=np.int64)[hemisphere]
    recovers = np.asarray(common_stp["enable_recovery_clock"], dtype=np.bool_)[hemisphere]
    recovers &= column("enable_recovery") != 0
    tick = np.left_shift(np.int64(2), speed) * np.int64(constants.recovery_prescaler)
    extension = np.asarray(pulse_extension, dtype=np.float64)[hemisphere, np.arange(DRIVERS) % _BUSES]
    return DriverParameters(
        plastic=(column("enable_stp") != 0) & (cell("stp_i_bias_comparator") > 0),
        hagen=(column("enable_hagen_modulation") != 0) & (column("enable_hagen_dac") != 0) & hagen_dac,
        zero_width=1.0 + slope * constants.pulse_full_code + shift,
        slope=slope,
        hagen_gain=per_activation,
        hagen_zero=shift - per_offset * (column("hagen_dac_offset") - constants.hagen_offset_centre),
        extension=constants.pulse_extension * extension,
        charge=charge,
        recover=recover,
        utilization=np.minimum(np.minimum(utilization, constants.utilization_limit) * chip.utilization, 1.0),
        tick_factor=1.0 - rate,
        tick_cycles=np.where(recovers, tick, 0),
        forwards_address=column("enable_address_out") != 0,
        row_lines=np.stack([column("row_mode_bottom"), column("row_mode_top")]).astype(np.uint8),
    )
