"""The command ``hxtwin calib``.

==============================  =============================================================================
``hxtwin calib run -o FILE``    calibrates the chip behind an endpoint
``hxtwin calib show FILE``      what a calibration holds; with ``--plot`` histograms
``hxtwin calib verify FILE``    measures the calibrated chip by other means, and says what is met
==============================  =============================================================================
"""

from __future__ import annotations

from pathlib import Path  # evaluated by typer
from typing import TYPE_CHECKING, Annotated

import attrs
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from hxtwin.calib.operating_points import OperatingPoint, operating_point

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from hxtwin.calib.spiking_result import SpikingCalibrationResult
    from hxtwin.calib.target import SpikingCalibOptions, SpikingCalibTarget

app = typer.Typer(name="calib", help="Calibrate a chip, look at calibrations, and verify them.", no_args_is_help=True)

_US = 1e-6


Endpoint = Annotated[
    str | None, typer.Option(help="Where the chip is, e.g. sim://?chip=7 or udp://192.0.2.7:1234.", show_default=False)
]
File = Annotated[Path, typer.Argument(help="Calibration that `hxtwin calib run` wrote.", dir_okay=False)]
Micro = Annotated[float | None, typer.Option(help="us", show_default=False)]
Value = Annotated[float | None, typer.Option(help="CADC value", show_default=False)]
Code = Annotated[int | None, typer.Option(help="code of the analog memory", show_default=False)]

_SYNAPSE_ROWS, _SYNAPSE_GROUPS = 8, 1
_MIDDLE_BITS = 1
"""Bits of all synapses while those of single ones are searched: they can be raised and lowered."""


@app.command()
def run(
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.", dir_okay=False)],
    target: Annotated[OperatingPoint, typer.Option(help="Operating point to begin with.")] = OperatingPoint.LIF,
    leak: Value = None,
    reset: Value = None,
    threshold: Value = None,
    tau_mem: Micro = None,
    tau_syn: Micro = None,
    refractory_time: Micro = None,
    gm: Code = None,
    dac: Code = None,
    endpoint: Endpoint = None,
    parasitics: Annotated[
        bool,
        typer.Option(
            "--parasitics/--no-parasitics", help="Measure what merged circuits add to the capacitance of a neuron."
        ),
    ] = True,
    correlation: Annotated[
        bool, typer.Option("--correlation", help="Calibrate the correlation sensors, too: half as long again.")
    ] = False,
    correlation_amplitude: Annotated[
        float | None, typer.Option(help="CADC values for a pair at zero delay", show_default="0.5")
    ] = None,
    correlation_tau: Annotated[float | None, typer.Option(help="us", show_default="5")] = None,
    synapse_bits: Annotated[
        bool,
        typer.Option(
            "--synapse-bits", help="Find correlation bits of single synapses: minutes for 512, hours for all."
        ),
    ] = False,
    synapse_rows: Annotated[
        int | None,
        typer.Option(help="Rows of each hemisphere in that, 1..256.", show_default=str(_SYNAPSE_ROWS)),
    ] = None,
    synapse_groups: Annotated[
        int | None,
        typer.Option(help="Eighths of the columns in that, 1..8.", show_default=str(_SYNAPSE_GROUPS)),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise on start values.")] = 0,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")] = False,
    recalibrate: Annotated[bool, typer.Option("--recalibrate", help="Measure anew, whatever the cache holds.")] = False,
) -> None:
    """Calibrate a chip for spiking experiments and write the result to a file.

    Correlation sensors: --correlation for the four quadrants, --synapse-bits for single synapses as well; by default
    those of 8 rows and one eighth of the columns of each hemisphere, 512 synapses.
    """
    import hxtwin
    from hxtwin.calib.archive import check_writable, write_file
    from hxtwin.calib.cache import Cache
    from hxtwin.calib.spiking import calibrate

    check_writable(output)
    wanted = _target(
        target,
        {
            "leak": leak,
            "reset": reset,
            "threshold": threshold,
            "tau_mem": None if tau_mem is None else tau_mem * _US,
            "tau_syn": None if tau_syn is None else tau_syn * _US,
            "refractory_time": None if refractory_time is None else refractory_time * _US,
            "i_synin_gm": gm,
            "synapse_dac_bias": dac,
        },
    )
    wanted, options = _with_sensors(
        wanted,
        {
            "amplitude": correlation_amplitude,
            "time_constant": None if correlation_tau is None else correlation_tau * _US,
        },
        {"synapse_rows": synapse_rows, "synapse_groups": synapse_groups},
        correlation=correlation,
        synapse_bits=synapse_bits,
    )
    options = attrs.evolve(options, seed=seed, parasitics=parasitics)
    console = Console()
    with hxtwin.connect(endpoint) as connection, _StepBars(console) as bars:
        result = calibrate(
            connection,
            wanted,
            options,
            cache=Cache.off() if no_cache else None,
            recalibrate=recalibrate,
            on_step=bars.begin,
            on_part=bars.part,
        )
    write_file(output, result.to_bytes())
    _show(console, result)
    console.print(f"written to {output}; content {result.content_hash()[:16]}", markup=False, highlight=False)


@app.command()
def show(
    file: File,
    plot: Annotated[Path | None, typer.Option(help="Write histograms to this picture.", show_default=False)] = None,
) -> None:
    """Show what a calibration holds."""
    from hxtwin.calib import report

    result = _load(file)
    console = Console()
    console.print(
        f"made by version {result.version} on {result.origin.host} at {result.origin.date}, {result.origin.endpoint}; "
        f"content {result.content_hash()[:16]}",
        markup=False,
        highlight=False,
    )
    _show(console, result)
    console.print(report.settings_table(result))
    if plot is not None:
        report.plot_histograms(result, plot)
        console.print(f"histograms written to {plot}", markup=False)


@app.command()
def verify(file: File, endpoint: Endpoint = None) -> None:
    """Measure a calibrated chip by other means than the calibration did; exit status 1 if a criterion is missed."""
    import hxtwin
    from hxtwin.calib import report
    from hxtwin.calib.verification import verify as measure

    result = _load(file)
    console = Console()
    with hxtwin.connect(endpoint) as connection, _StepBars(console) as bars:
        found = measure(connection, result, on_step=bars.begin)
    for table in report.verification_tables(found, result.usable):
        console.print(table)
    if not found.passed:
        raise typer.Exit(1)


def _target(name: OperatingPoint, given: dict[str, float | None]) -> SpikingCalibTarget:
    return operating_point(name, **{field: value for field, value in given.items() if value is not None})


def _with_sensors(
    target: SpikingCalibTarget,
    wanted: dict[str, float | None],
    subset: dict[str, int | None],
    *,
    correlation: bool,
    synapse_bits: bool,
) -> tuple[SpikingCalibTarget, SpikingCalibOptions]:
    """The target with correlation sensors, and their options.

    Args:
        target: without sensors.
        wanted: fields of `CorrelationCalibTarget`; None: the default.
        subset: ``synapse_rows`` and ``synapse_groups``; None: 512 synapses.
        correlation, synapse_bits: switches of the command.

    Raises:
        typer.BadParameter: settings of what is not switched on.
    """
    from hxtwin.calib.correlation_target import CorrelationCalibOptions, CorrelationCalibTarget
    from hxtwin.calib.target import SpikingCalibOptions

    given = {name: value for name, value in wanted.items() if value is not None}
    chosen = {name: value for name, value in subset.items() if value is not None}
    if chosen and not synapse_bits:
        raise typer.BadParameter("--synapse-rows and --synapse-groups choose synapses for --synapse-bits; add that")
    if not correlation and not synapse_bits:
        if given:
            raise typer.BadParameter("--correlation-amplitude and --correlation-tau belong to --correlation; add that")
        return target, SpikingCalibOptions()
    sensors = CorrelationCalibOptions()
    if synapse_bits:
        sensors = CorrelationCalibOptions(
            calibrate_synapses=True,
            amp_calib=_MIDDLE_BITS,
            time_calib=_MIDDLE_BITS,
            synapse_rows=chosen.get("synapse_rows", _SYNAPSE_ROWS),
            synapse_groups=chosen.get("synapse_groups", _SYNAPSE_GROUPS),
        )
    return (
        attrs.evolve(target, correlation=CorrelationCalibTarget(**given)),
        SpikingCalibOptions(correlation=sensors),
    )


def _load(file: Path) -> SpikingCalibrationResult:
    from hxtwin.calib.archive import read_file
    from hxtwin.calib.spiking_result import SpikingCalibrationResult

    return SpikingCalibrationResult.from_bytes(read_file(file))


def _show(console: Console, result: SpikingCalibrationResult) -> None:
    from hxtwin.calib import report

    console.print(report.success_table(result))
    console.print(report.measured_table(result))
    if result.correlation is not None:
        console.print(report.correlation_table(result.correlation))
        if result.correlation.options.calibrate_synapses:
            console.print(report.synapse_bits_table(result.correlation))


class _StepBars:
    """A progress bar for each step, on terminals: finished ones remain, the running one moves."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._running: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self._progress.stop()

    def begin(self, name: str, number: int, count: int) -> None:
        """A step begins: the ones before are finished."""
        self._finish()
        self._running = self._progress.add_task(f"{number + 1:>2}/{count} {name}", total=None)

    def part(self, done: int, count: int) -> None:
        """The running step has done some of its measurements."""
        if self._running is not None:
            self._progress.update(self._running, completed=done, total=count)

    def _finish(self) -> None:
        if self._running is not None:
            total = self._progress.tasks[self._running].total or 1
            self._progress.update(self._running, completed=total, total=total)
        self._running = None
