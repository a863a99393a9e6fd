"""Hooks: raw program parts that are put in at defined places of an execution instance.

======================  =====================================================================================
hook                    place
======================  =====================================================================================
``pre_static``          in front of the static configuration, which is then written completely
``pre_realtime``        once, behind the static configuration and the wake-up of the MADC, before entry 0
``inside_realtime``     at times relative to the begin of every real-time section, in every entry
``post_realtime``       once, behind the last entry
======================  =====================================================================================

Builders are taken over when the instance is compiled: they are empty afterwards, and the tickets of their reads hold
data once it has run. The absolute-time builder is copied into every entry and stays as it is; it must not read.
Source: reference execution.md 8.
"""

from __future__ import annotations

import attrs

from hxtwin.graph.errors import InputDataError
from hxtwin.runtime import AbsoluteTimePlaybackProgramBuilder, PlaybackProgramBuilder


@attrs.frozen(eq=False, kw_only=True)
class Hooks:
    """Program parts of the user, for one execution instance; by default all are empty."""

    pre_static: PlaybackProgramBuilder = attrs.field(factory=PlaybackProgramBuilder)
    pre_realtime: PlaybackProgramBuilder = attrs.field(factory=PlaybackProgramBuilder)
    inside_realtime: AbsoluteTimePlaybackProgramBuilder = attrs.field(factory=AbsoluteTimePlaybackProgramBuilder)
    post_realtime: PlaybackProgramBuilder = attrs.field(factory=PlaybackProgramBuilder)

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Hooks):
            wanted = AbsoluteTimePlaybackProgramBuilder if field.name == "inside_realtime" else PlaybackProgramBuilder
            given = getattr(self, field.name)
            if not isinstance(given, wanted):
                raise InputDataError(f"hook {field.name}: a {wanted.__name__} is wanted, not a {type(given).__name__}")
        if not self.inside_realtime.is_write_only():
            raise InputDataError(
                "hook inside_realtime reads: one ticket cannot hold the answers of all batch entries; read in "
                "pre_realtime or post_realtime"
            )
