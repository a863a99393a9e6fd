"""Where a calibration comes from.

Chip and version belong to the content of a result; date, host and endpoint do not: the same chip and target give the
same content wherever they are measured.
"""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import Any

import attrs

from hxtwin.calib.errors import CalibDataError


@attrs.frozen(kw_only=True)
class Origin:
    """Circumstances of a calibration.

    Attributes:
        date: time of its end, ISO 8601, UTC.
        host: name of the machine.
        endpoint: connection that was used.
    """

    date: str
    host: str
    endpoint: str

    @classmethod
    def now(cls, endpoint: str) -> Origin:
        """This machine at this moment."""
        return cls(date=datetime.now(UTC).isoformat(timespec="seconds"), host=platform.node(), endpoint=endpoint)

    def to_plain(self) -> dict[str, str]:
        """For archives."""
        return attrs.asdict(self)

    @classmethod
    def from_plain(cls, data: Any) -> Origin:
        """From an archive.

        Raises:
            CalibDataError: other data.
        """
        names = [field.name for field in attrs.fields(cls)]
        if not isinstance(data, dict) or any(not isinstance(data.get(name), str) for name in names):
            raise CalibDataError("the calibration does not say when and where it was made")
        return cls(**{name: data[name] for name in names})
