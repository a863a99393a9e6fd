"""Calibrations for people: tables for the terminal, histograms with the plot extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from rich.markup import escape
from rich.table import Table

from hxtwin.calib.constants import COLUMNS
from hxtwin.calib.correlation_target import BIT_CODES
from hxtwin.calib.errors import CalibNotSupported
from hxtwin.calib.routines.correlation_synapses import measured_synapses
from hxtwin.calib.spiking_result import COUNTED
from hxtwin.calib.verification import spread

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from hxtwin.calib.routines.correlation import CorrelationCalibResult
    from hxtwin.calib.spiking_result import SpikingCalibrationResult
    from hxtwin.calib.verification import Verification

    Values = NDArray[np.float64]

T = TypeVar("T", bound=np.generic)

_SCALES = {
    "tau_mem": (1e6, "us"),
    "tau_syn_exc": (1e6, "us"),
    "tau_syn_inh": (1e6, "us"),
    "threshold": (1.0, "MADC"),
    "fires_exc": (1.0, "spikes in a burst"),
    "fires_inh": (1.0, "spikes in a burst"),
}

_MEASURED_SCALES = dict.fromkeys(("tau_mem", "tau_syn_excitatory", "tau_syn_inhibitory", "icc"), (1000000.0, "us"))


def success_table(result: SpikingCalibrationResult) -> Table:
    """Successful circuits by step."""
    table = Table(title=f"calibration of chip {result.identity:#x}", title_justify="left")
    for title in ("step", "successful", "failed", "counts"):
        table.add_column(title, justify="left" if title == "step" else "right")
    channels = result.cadc.success
    table.add_row("cadc (channels)", str(int(channels.sum())), str(int((~channels).sum())), "")
    for name, success in result.success.items():
        counts = "yes" if name in COUNTED else ""
        table.add_row(escape(name), str(int(success.sum())), str(int((~success).sum())), counts)
    usable = result.usable
    table.add_section()
    table.add_row("usable circuits", str(int(usable.sum())), str(int((~usable).sum())), "")
    return table


def settings_table(result: SpikingCalibrationResult) -> Table:
    """Codes of the neurons: median and spread."""
    table = Table(title="settings of the neurons", title_justify="left")
    for title in ("setting", "median", "spread", "smallest", "largest"):
        table.add_column(title, justify="left" if title == "setting" else "right")
    for path, codes in result.settings.items():
        if codes.shape != result.usable.shape:
            continue
        values = codes[result.usable]
        name = path.removeprefix("neuron_block.atomic_neurons.")
        table.add_row(
            escape(name), f"{np.median(values):.0f}", f"{values.std():.1f}", str(values.min()), str(values.max())
        )
    return table


def measured_table(result: SpikingCalibrationResult) -> Table:
    """What the steps measured at their end."""
    table = Table(title="measured while calibrating", title_justify="left")
    for title in ("quantity", "target", "median", "residual spread", "not measured"):
        table.add_column(title, justify="left" if title == "quantity" else "right")
    for name, values in result.measured.items():
        scale, unit = _MEASURED_SCALES.get(name, (1.0, "CADC"))
        good = values[result.usable] * scale
        wanted = _wanted(result, name)
        left = good if wanted is None else good - wanted[result.usable] * scale
        table.add_row(
            escape(f"{name} [{unit}]"),
            "" if wanted is None else _range(wanted * scale),
            f"{np.nanmedian(good):.2f}" if np.isfinite(good).any() else "",
            f"{spread(left):.2f}",
            str(int(np.sum(~np.isfinite(good)))),
        )
    return table


def correlation_table(result: CorrelationCalibResult) -> Table:
    """The correlation sensors by quadrant."""
    table = Table(title="correlation sensors", title_justify="left")
    for title in ("quadrant", "store", "ramp", "amplitude [CADC]", "time constant [us]", "successful"):
        table.add_column(escape(title), justify="right")
    columns = (result.i_bias_store, result.i_bias_ramp, result.amplitude, result.time_constant, result.success)
    for quadrant, (store, ramp, amplitude, tau, success) in enumerate(zip(*columns, strict=True)):
        values = (str(store), str(ramp), f"{amplitude:.2f}", f"{tau * 1e6:.2f}", "yes" if success else "no")
        table.add_row(str(quadrant), *values)
    return table


def synapse_bits_table(result: CorrelationCalibResult) -> Table:
    """Bits of single synapses by quadrant: how many have which, and what they gain."""
    table = Table(title="correlation bits of single synapses", title_justify="left")
    for title in ("quadrant", "synapses", "amplitude 0/1/2/3", "time constant 0/1/2/3", "score with one code", "score"):
        table.add_column(title, justify="right")
    chosen = _quadrants(measured_synapses(result.options))
    amp, time = _quadrants(result.amp_calib), _quadrants(result.time_calib)
    for quadrant, mask in enumerate(chosen):
        counts = ["/".join(map(str, _counts(bits[quadrant][mask]))) for bits in (amp, time)]
        scores = (f"{value:.3f}" if np.isfinite(value) else "" for value in result.synapse_score[:, quadrant])
        table.add_row(str(quadrant), str(int(mask.sum())), *counts, *scores)
    return table


def _quadrants(synapses: NDArray[T]) -> NDArray[T]:
    """Values of all synapses ``[512, 256]`` by quadrant, ``[4, 256, 128]``."""
    half = COLUMNS // 2
    return synapses.reshape(2, COLUMNS, 2, half).swapaxes(1, 2).reshape(4, COLUMNS, half)


def _counts(bits: NDArray[np.uint8]) -> list[int]:
    found: list[int] = np.bincount(bits, minlength=BIT_CODES).tolist()
    return found


def _wanted(result: SpikingCalibrationResult, name: str) -> Values | None:
    """What the target says about a measured quantity; None if the chip itself defined it."""
    neuron = result.target.neuron
    found: Values | None = None
    if name in ("leak", "reset", "threshold", "tau_mem"):
        found = neuron.of_neurons(name)
    elif name.startswith("tau_syn_"):
        found = neuron.of_inputs("tau_syn")[0 if name.endswith("excitatory") else 1]
    elif name == "icc" and neuron.tau_icc is not None:
        found = neuron.of_neurons("tau_icc")
    return found


def verification_tables(found: Verification, usable: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[Table, Table]:
    """Achieved values beside those of one code for all neurons, and the criteria."""
    values = Table(title="achieved", title_justify="left")
    for title in ("quantity", "target", "median", "spread", "spread with one code"):
        values.add_column(title, justify="left" if title == "quantity" else "right")
    for name, measured in found.achieved.items():
        scale, unit = _SCALES.get(name, (1.0, "CADC"))
        good = measured[usable] * scale
        same, wanted = (part[name][usable] * scale if name in part else None for part in (found.uniform, found.targets))
        values.add_row(
            escape(f"{name} [{unit}]"),
            "" if wanted is None else _range(wanted),
            f"{np.median(good):.2f}",
            f"{spread(good):.2f}",
            "" if same is None else f"{spread(same):.2f}",
        )
    criteria = Table(title="criteria", title_justify="left")
    for title in ("criterion", "value", "limit", ""):
        criteria.add_column(title, justify="left" if title == "criterion" else "right")
    for criterion in found.criteria:
        verdict = "[green]met[/green]" if criterion.passed else "[red]missed[/red]"
        criteria.add_row(escape(criterion.name), f"{criterion.value:.3g}", escape(criterion.limit), verdict)
    return values, criteria


def _range(wanted: Values) -> str:
    """One target of all, or the smallest and the largest."""
    low, high = float(wanted.min()), float(wanted.max())
    return f"{low:.2f}" if low == high else f"{low:.2f}..{high:.2f}"


def plot_histograms(result: SpikingCalibrationResult, file: Path) -> None:
    """Histograms of all settings of the neurons, of what was measured and of the bits of single synapses, as a picture.

    Fits that cannot be trusted are left out.

    Raises:
        CalibNotSupported: the plot extra is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise CalibNotSupported("histograms need the plot extra: pip install 'hxtwin[plot]'") from error
    shown = histograms(result)
    columns = 4
    rows = max(1, -(-len(shown) // columns))
    figure = Figure(figsize=(4 * columns, 2.4 * rows), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, columns)).reshape(-1)
    for axis in axes[len(shown) :]:
        axis.set_visible(False)
    for axis, (title, values) in zip(axes, shown.items(), strict=False):
        axis.hist(values, bins=40)
        axis.set_title(title, fontsize=8)
    figure.suptitle(f"chip {result.identity:#x}, {int(result.usable.sum())} usable circuits", fontsize=10)
    figure.supxlabel("code, or measured value", fontsize=9)
    figure.supylabel("circuits, or synapses", fontsize=9)
    figure.savefig(file)


def histograms(result: SpikingCalibrationResult) -> dict[str, NDArray[np.generic]]:
    """What a picture shows, by title: settings and measured values of usable circuits, bits of single synapses."""
    usable = result.usable
    shown: dict[str, NDArray[np.generic]] = {
        path.removeprefix("neuron_block.atomic_neurons."): codes[usable]
        for path, codes in result.settings.items()
        if codes.shape == usable.shape and np.ptp(codes) > 1
    }
    for name, values in result.measured.items():
        scale, unit = _MEASURED_SCALES.get(name, (1.0, "CADC"))
        good = values[usable] * scale
        shown[f"measured {name} [{unit}]"] = good[np.isfinite(good)]
    if result.correlation is not None and result.correlation.options.calibrate_synapses:
        chosen = measured_synapses(result.correlation.options)
        shown["amplitude bits of synapses"] = result.correlation.amp_calib[chosen]
        shown["time constant bits of synapses"] = result.correlation.time_calib[chosen]
    return shown
