"""Execution instances: parts of an experiment that run on a chip at the same time.

==============================  ===========================================================
field                           meaning
==============================  ===========================================================
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

from hxtwin.frontend.errors import ModelError

if TYPE_CHECKING:
    from hxtwin.runtime import AbsoluteTimePlaybackProgramBuilder, PlaybackProgramBuilder


@attrs.define(eq=False)
class ExecutionInstance:
    """One configuration and run of a chip.

    Args:
        calib_path: file of a calibration result; None: calibrated from the parameters of its populations.
        calib_cache_dir: folder of the calibration cache.
        input_loopback: record input spikes.
    """

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

    def load_calib(self, path: Path | str) -> None:
        """Use a calibration result from a file.

        Raises:
            ModelError: there is no such file.
        """
        path = Path(path)
        if not path.is_file():
            raise ModelError(f"calibration file {path} does not exist; write one with `hxtwin calib run -o {path}`")
        self.calib_path = path
