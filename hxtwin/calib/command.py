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
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from hxtwin.calib.operating_points import OperatingPoint, operating_point

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.calib.spiking_result import SpikingCalibrationResult
    from hxtwin.calib.target import SpikingCalibTarget

app = typer.Typer(name="calib", help="Calibrate a chip, look at calibrations, and verify them.", no_args_is_help=True)

_US = 1e-6


Endpoint = Annotated[
    str | None, typer.Option(help="Where the chip is, e.g. sim://?chip=7 or udp://192.0.2.7:1234.", show_default=False)
]
File = Annotated[Path, typer.Argument(help="Calibration that `hxtwin calib run` wrote.", dir_okay=False)]
Micro = Annotated[float | None, typer.Option(help="us", show_default=False)]
Value = Annotated[float | None, typer.Option(help="CADC value", show_default=False)]
Code = Annotated[int | None, typer.Option(help="code of the analog memory", show_default=False)]


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
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise on start values.")] = 0,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")] = False,
    recalibrate: Annotated[bool, typer.Option("--recalibrate", help="Measure anew, whatever the cache holds.")] = False,
) -> None:
    """Calibrate a chip for spiking experiments and write the result to a file."""
    import hxtwin
    from hxtwin.calib.archive import check_writable, write_file
    from hxtwin.calib.cache import Cache
    from hxtwin.calib.correlation_target import CorrelationCalibTarget
    from hxtwin.calib.spiking import calibrate
    from hxtwin.calib.target import SpikingCalibOptions

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
    if correlation:
        wanted = attrs.evolve(wanted, correlation=CorrelationCalibTarget())
    console = Console()
    with hxtwin.connect(endpoint) as connection, _progress(console) as progress:
        result = calibrate(
            connection,
            wanted,
            SpikingCalibOptions(seed=seed, parasitics=parasitics),
            cache=Cache.off() if no_cache else None,
            recalibrate=recalibrate,
            on_step=_steps(progress),
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
    with hxtwin.connect(endpoint) as connection, _progress(console) as progress:
        found = measure(connection, result, on_step=_steps(progress))
    for table in report.verification_tables(found, result.usable):
        console.print(table)
    if not found.passed:
        raise typer.Exit(1)


def _target(name: OperatingPoint, given: dict[str, float | None]) -> SpikingCalibTarget:
    return operating_point(name, **{field: value for field, value in given.items() if value is not None})


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


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _steps(progress: Progress) -> Callable[[str, int, int], None]:
    """Shows the step that begins as a progress bar."""
    tasks: list[TaskID] = []

    def begin(name: str, number: int, count: int) -> None:
        if not tasks:
            tasks.append(progress.add_task(name, total=count))
        progress.update(tasks[0], description=name, completed=number)

    return begin
