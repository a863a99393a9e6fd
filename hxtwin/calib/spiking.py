"""The calibration for spiking experiments: `hxtwin.calib.spiking_steps` one after the other, kept in the cache.

After every step the state is kept in the cache: a calibration that was interrupted continues behind its last finished
step. Reference: calibration.md 6.2.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import __version__
from hxtwin.calib import archive
from hxtwin.calib.cache import Cache, cache_name
from hxtwin.calib.errors import CalibDataError, CalibNotSuccessful
from hxtwin.calib.measurement_chip import INPUTS, every
from hxtwin.calib.provenance import Origin
from hxtwin.calib.routines.potentials import read_rest
from hxtwin.calib.routines.refractory import refractory_settings
from hxtwin.calib.spiking_result import COUNTED, KIND, SpikingCalibrationResult, settings_of
from hxtwin.calib.spiking_steps import COMPARATOR, Flow, cadc_of, correlation_of, steps_of
from hxtwin.calib.stateful_connection import StatefulConnection
from hxtwin.calib.target import SpikingCalibOptions, SpikingCalibTarget
from hxtwin.calib.target_archive import to_plain
from hxtwin.containers import Chip, from_bytes, to_bytes
from hxtwin.errors import HxtwinError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.runtime import Connection

_log = logging.getLogger(__name__)

_CHECKPOINT: Final = "spiking-step"


def calibrate(
    connection: Connection,
    target: SpikingCalibTarget | None = None,
    options: SpikingCalibOptions | None = None,
    *,
    cache: Cache | None = None,
    recalibrate: bool = False,
    on_step: Callable[[str, int, int], None] | None = None,
    on_part: Callable[[int, int], None] | None = None,
) -> SpikingCalibrationResult:
    """Calibrates a chip for spiking experiments.

    Args:
        connection: open connection; the chip is reset.
        target: what neurons shall do.
        options: how it is done.
        cache: where results and finished steps are kept; the default cache unless given, `Cache.off` for none.
        recalibrate: whether everything is measured anew, whatever the cache holds.
        on_step: told the name of each step, its number and their count, before it begins.
        on_part: told how many measurements of a step are done, and of how many, by steps that take very long.

    Returns:
        Settings, success and measured values. They are not applied.

    Raises:
        CalibNotSuccessful: more circuits failed than `SpikingCalibOptions.largest_failure`, or a step could not work.
        hxtwin.runtime.RunError: the connection failed; finished steps are kept in the cache.
    """
    wanted = SpikingCalibTarget() if target is None else target
    chosen = SpikingCalibOptions() if options is None else options
    kept = Cache.default() if cache is None else cache
    device = StatefulConnection(connection, seed=chosen.seed)
    name = cache_name(KIND, device.identity, {"target": to_plain(wanted), "options": to_plain(chosen)})
    if not recalibrate and (found := _load(kept, name, device.identity)) is not None:
        return _accepted(found)
    flow = Flow(device, wanted, chosen, on_part=on_part)
    steps = steps_of(flow)
    names = [step for step, _ in steps]
    done = 0 if recalibrate else _resume(flow, kept, name, names)
    for number, (step, work) in enumerate(steps):
        if number < done:
            continue
        if on_step is not None:
            on_step(step, number, len(steps))
        try:
            work(flow)
        except BaseException:
            if number and kept.folder is not None:
                _log.warning(
                    "stopped in step %s, %d of %d; the steps before are kept, the same call continues behind them",
                    step,
                    number + 1,
                    len(steps),
                )
            raise
        kept.store(f"{name}.steps", _checkpoint(flow, names, number + 1))
    result = _result(flow, Origin.now(connection.info.endpoint))
    kept.store(name, result.to_bytes())
    kept.forget(f"{name}.steps")
    return _accepted(result)


# --- beginning, interruption, end ---------------------------------------------------------------------------------


def _result(flow: Flow, origin: Origin) -> SpikingCalibrationResult:
    """The settings of the chip as it is now, with inputs and comparators on and the wanted refractory times."""
    target = flow.target.neuron
    flow.measured["leak"] = read_rest(flow.connection)
    on = [f"{prefix}enable" for prefix in INPUTS.values()]
    refractory = refractory_settings(target.refractory_time, target.holdoff_time)
    chip = flow.connection.chip.with_columns({**refractory.columns(), **{path: every(1) for path in (*on, COMPARATOR)}})
    return SpikingCalibrationResult(
        identity=flow.connection.identity,
        version=__version__,
        target=flow.target,
        options=flow.options,
        cadc=cadc_of(flow),
        settings=settings_of(chip),
        success=dict(flow.success),
        measured=dict(flow.measured),
        parasitics=flow.arrays.get("parasitics"),
        correlation=correlation_of(flow),
        origin=origin,
    )


def _accepted(result: SpikingCalibrationResult) -> SpikingCalibrationResult:
    """The result, measured now or kept, unless too many circuits failed."""
    failed, most = float(np.mean(~result.usable)), result.options.largest_failure
    if failed > most:
        worst = {step: int(np.sum(~ok)) for step, ok in result.success.items() if step in COUNTED and not ok.all()}
        raise CalibNotSuccessful(
            f"{failed:.0%} of the circuits failed, at most {most:.0%} may; failures by step: {worst}"
        )
    return result


def _load(cache: Cache, name: str, identity: int) -> SpikingCalibrationResult | None:
    found = cache.load(name, KIND)
    if found is None:
        return None
    try:
        made_by = found.content.get("version")
        if made_by != __version__:
            raise CalibDataError(f"it was made by version {made_by}, this is {__version__}")
        return SpikingCalibrationResult.from_archive(found, identity=identity)
    except CalibDataError as error:
        _log.warning("the calibration in the cache is not used, the chip is calibrated anew: %s", error)
        return None


def _checkpoint(flow: Flow, names: list[str], done: int) -> bytes:
    state = flow.connection.rng.bit_generator.state["state"]
    content = {
        "steps": names,
        "done": done,
        "chip": to_bytes(flow.connection.chip),
        "random": {key: str(value) for key, value in state.items()},
        "arrays": flow.arrays,
        "success": flow.success,
        "measured": flow.measured,
    }
    return archive.pack(_CHECKPOINT, content, {})


def _resume(flow: Flow, cache: Cache, name: str, names: list[str]) -> int:
    """Puts the chip into the state behind the last finished step; number of finished steps."""
    found = cache.load(f"{name}.steps", _CHECKPOINT)
    if found is None:
        return 0
    content, connection = found.content, flow.connection
    generator = connection.rng.bit_generator
    try:
        if content["steps"] != names or not 0 < content["done"] <= len(names):
            raise CalibDataError("it has other steps")
        chip = from_bytes(content["chip"])
        if not isinstance(chip, Chip):
            raise CalibDataError("it holds no chip")
        random = {**generator.state, "state": {key: int(value) for key, value in content["random"].items()}}
        arrays, success, measured = (dict(content[part]) for part in ("arrays", "success", "measured"))
        generator.state = random
    except (HxtwinError, KeyError, TypeError, ValueError, AttributeError) as error:
        _log.warning("the unfinished calibration in the cache is not used, all steps are done anew: %s", error)
        return 0
    connection.chip = chip
    flow.arrays, flow.success, flow.measured = arrays, success, measured
    connection.run(connection.reinit())
    _log.info("continuing a calibration behind step %d", content["done"])
    return int(content["done"])
