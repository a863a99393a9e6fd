"""The high-speed link: eight PHYs, and what must be true before one of them is up.

=========================  ===================================================================
condition of PHY k         set by
=========================  ===================================================================
FPGA-side configuration    write of FPGA register 0x88006000 + k since the last chip reset
chip-side configuration    JTAG PHY register 7 - k since the last chip reset
FPGA-side enable           bit k of FPGA register 0x88004000
chip-side enable           bit 7 - k of chip register 0x00040000
clocks                     both PLLs enabled
chip                       not held in reset
=========================  ===================================================================

PHY k is up 5000 + 8 k cycles after the last condition became true; it goes down at once when one is lost. Each change
is notified, except the loss by a chip reset. The link carries accesses and events as soon as one PHY is up.
Reference: simulator-decisions.md 3, 17, 18; runtime.md 13.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hxtwin.chipsim.parameters import NEVER

if TYPE_CHECKING:
    from hxtwin.chipsim.parameters import Parameters

LINK_UP: Final = 0x10
"""Bit of the notification of a PHY that came up; bits 7..5 name the PHY."""


class Link:
    """State of the eight PHYs. All times are FPGA cycles."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        n = parameters.phy_count
        self._configured_fpga = [False] * n
        self._configured_chip = [False] * n
        self._enable_fpga = 0
        self._enable_chip = 0
        self._clocks = False
        self._in_reset = False
        self._up_at = [NEVER] * n
        self._up = [False] * n
        self._online_since = [NEVER] * n
        self.notifications: list[tuple[int, int]] = []

    @property
    def up(self) -> bool:
        """Whether accesses and events travel."""
        return any(self._up)

    @property
    def phys_up(self) -> tuple[bool, ...]:
        """Which PHYs are up."""
        return tuple(self._up)

    @property
    def next_change(self) -> int:
        """Cycle in which the next PHY comes up, `NEVER` if none is about to."""
        return min((at for at, up in zip(self._up_at, self._up, strict=True) if not up), default=NEVER)

    @property
    def enables(self) -> tuple[int, int]:
        """Enable masks of FPGA side and chip side, as in their registers."""
        return self._enable_fpga, self._enable_chip

    def online_cycles(self, phy: int, now: int) -> int:
        """Cycles since PHY came up, 0 if it is down."""
        return now - self._online_since[phy] if self._up[phy] else 0

    def advance(self, now: int) -> None:
        """Lets those PHYs come up whose time has come."""
        for phy, at in enumerate(self._up_at):
            if not self._up[phy] and at <= now:
                self._up[phy] = True
                self._online_since[phy] = at
                self.notifications.append((at, phy << 5 | LINK_UP))

    def configure_fpga_side(self, now: int, phy: int) -> None:
        """The FPGA-side configuration of a PHY has been written."""
        self._configured_fpga[phy] = True
        self._evaluate(now)

    def configure_chip_side(self, now: int, phy: int) -> None:
        """The chip-side configuration of a PHY has been written."""
        self._configured_chip[phy] = True
        self._evaluate(now)

    def enable_fpga_side(self, now: int, mask: int) -> None:
        """Register of the FPGA-side enables."""
        self._enable_fpga = mask
        self._evaluate(now)

    def enable_chip_side(self, now: int, mask: int) -> None:
        """Register of the chip-side enables."""
        self._enable_chip = mask
        self._evaluate(now)

    def set_clocks(self, now: int, *, running: bool) -> None:
        """Whether both PLLs are enabled."""
        self._clocks = running
        self._evaluate(now)

    def set_reset(self, now: int, *, active: bool) -> None:
        """Level of the chip reset: forgets configurations and chip-side enables, takes all PHYs down silently."""
        self._in_reset = active
        if active:
            n = self._parameters.phy_count
            self._configured_fpga = [False] * n
            self._configured_chip = [False] * n
            self._enable_chip = 0
            self._up = [False] * n
        self._evaluate(now)

    def _ready(self, phy: int) -> bool:
        mirrored = self._parameters.phy_count - 1 - phy
        return (
            self._configured_fpga[phy]
            and self._configured_chip[phy]
            and bool(self._enable_fpga >> phy & 1)
            and bool(self._enable_chip >> mirrored & 1)
            and self._clocks
            and not self._in_reset
        )

    def _evaluate(self, now: int) -> None:
        for phy in range(self._parameters.phy_count):
            if not self._ready(phy):
                if self._up[phy]:
                    self._up[phy] = False
                    self.notifications.append((now, phy << 5))
                self._up_at[phy] = NEVER
            elif self._up_at[phy] == NEVER:
                self._up_at[phy] = now + self._parameters.phy_up_cycles + self._parameters.phy_up_step * phy
