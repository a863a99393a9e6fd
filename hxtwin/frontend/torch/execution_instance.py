"""Execution instances: parts of an experiment that run on a chip at the same time.

==============================  ===========================================================
field                           meaning
==============================  ===========================================================
``calib``                       calibration result, or chip, that the instance uses
``calib_path``                  file of a calibration result that the instance uses
``calib_cache_dir``             where calibrations are kept; None: the user's cache
``input_loopback``              record the input spikes, too
``injection_*``                 programs that run at fixed places of the instance's next run, and are empty then
``write_ppu_symbols``           symbol of the embedded program -> value, before each run
``read_ppu_symbols``            symbols to be read after each batch entry
==============================  ===========================================================

Reference: frontend-torch.md A1.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import attrs

from hxtwin.calib.spiking_result import SpikingCalibrationResult
from hxtwin.containers import Chip
from hxtwin.frontend.errors import ModelError

if TYPE_CHECKING:
    from hxtwin.runtime import AbsoluteTimePlaybackProgramBuilder, PlaybackProgramBuilder


@attrs.define(eq=False)
class ExecutionInstance:
    """One configuration and run of a chip.

    Without ``calib`` and ``calib_path`` the instance is calibrated from the parameters of its populations.

    Args:
        calib: result of a calibration, or a chip whose analog settings are taken as they are.
        calib_path: file of a calibration result.
        calib_cache_dir: folder of the calibration cache.
        input_loopback: record input spikes.
    """

    calib: SpikingCalibrationResult | Chip | None = None
    calib_path: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    calib_cache_dir: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    input_loopback: bool = False
    injection_pre_static_config: PlaybackProgramBuilder | None = None
    injection_pre_realtime: PlaybackProgramBuilder | None = None
    injection_inside_realtime_begin: PlaybackProgramBuilder | None = None
    injection_inside_realtime: AbsoluteTimePlaybackProgramBuilder | None = None
    injection_inside_realtime_end: PlaybackProgramBuilder | None = None
    injection_post_realtime: PlaybackProgramBuilder | None = None
    write_ppu_symbols: dict[str, int] = attrs.field(factory=dict)
    read_ppu_symbols: set[str] = attrs.field(factory=set)
    id: int = attrs.field(init=False)

    _ids: ClassVar[itertools.count[int]] = itertools.count()

    def __attrs_post_init__(self) -> None:
        self.id = next(ExecutionInstance._ids)

    def load_calib(self, calib: Path | str | SpikingCalibrationResult | Chip) -> None:
        """Use a calibration in the next runs.

        Args:
            calib: result of a calibration, file of one, or a chip whose analog settings are taken as they are.

        Raises:
            ModelError: there is no such file, or it is something else.
        """
        if isinstance(calib, SpikingCalibrationResult | Chip):
            self.calib, self.calib_path = calib, None
            return
        if not isinstance(calib, str | Path):
            raise ModelError(
                f"calibration {calib!r:.80}: a result of `hxtwin.calib`, a file of one, or a hxtwin.containers.Chip is "
                "wanted"
            )
        path = Path(calib)
        if not path.is_file():
            raise ModelError(f"calibration file {path} does not exist; write one with `hxtwin calib run -o {path}`")
        self.calib, self.calib_path = None, path

    def key(self) -> tuple[object, ...]:
        """What a layout of the instance depends on, for comparison; the objects are kept alive by it."""
        return self.id, _Same(self.calib), self.calib_path, self.calib_cache_dir


class _Same:
    """Equal to others of the same object: chips and results are large, comparing identity is enough."""

    def __init__(self, of: object) -> None:
        self._of = of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._of is other._of

    def __hash__(self) -> int:
        return id(self._of)
