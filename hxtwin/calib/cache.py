"""Cache of calibrations: files named by what was asked for.

========================  =====================================================================================
where                     an argument, else ``HXTWIN_CACHE_DIR``, else the user's cache directory of the platform
switched off              ``HXTWIN_CACHE_DIR`` set to nothing, or `Cache` without a folder
name of a file            SHA-256 of kind, chip identity, target, options and version of the package
========================  =====================================================================================

Every file is written whole or not at all, so that several writers and readers do not disturb each other; of two
writers of one name the last one stays, both hold the same. A file that cannot be read is reported and counts as
missing.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgpack
import platformdirs

from hxtwin import __version__
from hxtwin.calib import archive
from hxtwin.calib.errors import CalibDataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

_log = logging.getLogger(__name__)

ENVIRONMENT_VARIABLE: Final = "HXTWIN_CACHE_DIR"
_FOLDER: Final = "calib"
_SUFFIX: Final = ".calib"


@attrs.frozen
class Cache:
    """A folder of calibrations.

    Attributes:
        folder: where they are; None: nothing is stored or found.
    """

    folder: Path | None

    @classmethod
    def default(cls) -> Self:
        """The cache that the environment or the platform names; see the table of this module."""
        named = os.environ.get(ENVIRONMENT_VARIABLE)
        if named is not None:
            return cls(Path(named) / _FOLDER if named.strip() else None)
        return cls(Path(platformdirs.user_cache_dir("hxtwin", appauthor=False)) / _FOLDER)

    @classmethod
    def off(cls) -> Self:
        """A cache that keeps nothing."""
        return cls(None)

    def load(self, name: str, kind: str) -> archive.Archive | None:
        """The archive of a name; None if there is none that can be read."""
        if self.folder is None:
            return None
        path = self.folder / f"{name}{_SUFFIX}"
        if not path.is_file():
            return None
        try:
            return archive.unpack(archive.read_file(path), kind)
        except CalibDataError as error:
            _log.warning("%s is not used: %s", path, error)
            return None

    def store(self, name: str, data: bytes) -> None:
        """Keeps an archive; a folder that cannot be written is reported and left alone."""
        if self.folder is None:
            return
        try:
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True)
                _log.info("calibrations are kept in %s; set %s to move it", self.folder, ENVIRONMENT_VARIABLE)
            archive.write_file(self.folder / f"{name}{_SUFFIX}", data)
        except OSError as error:
            _log.warning("the calibration is not kept: %s cannot be written: %s", self.folder, error.strerror)

    def forget(self, name: str) -> None:
        """Removes an archive, if it is there."""
        if self.folder is not None:
            (self.folder / f"{name}{_SUFFIX}").unlink(missing_ok=True)


def cache_name(kind: str, identity: int, wanted: Mapping[str, Any]) -> str:
    """Name of the file of a calibration.

    Args:
        kind: what it is.
        identity: device DNA of the chip.
        wanted: target and options as plain data.
    """
    key = msgpack.packb([kind, identity, __version__, archive.VERSION, archive.content_hash(wanted)])
    return hashlib.sha256(key).hexdigest()
