"""Commands for the command line: what people do with program files.

=======================  ==============================================================
`program`                lists a serialised program
=======================  ==============================================================
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # evaluated by typer
from typing import Annotated

import typer

_SHOWN = 200


def program(
    file: Annotated[Path, typer.Argument(help="Serialised program, as program.to_bytes() gives it.", dir_okay=False)],
    start: Annotated[int, typer.Option(min=0, help="First instruction.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="Number of rows to show.")] = _SHOWN,
) -> None:
    """List a playback program: time, instruction, container, coordinate, fields."""
    from hxtwin.runtime.envelope import MAXIMUM_SIZE
    from hxtwin.runtime.errors import ProgramDecodeError
    from hxtwin.runtime.program_serialization import program_from_bytes

    try:
        with file.open("rb") as opened:
            data = opened.read(MAXIMUM_SIZE + 1)
    except OSError as error:
        raise ProgramDecodeError(f"cannot read {file}: {error.strerror}") from error
    loaded = program_from_bytes(data)
    responses = loaded.expected
    typer.echo(
        f"{len(loaded)} instructions; reads: {responses.omnibus} omnibus, {responses.jtag} jtag, "
        f"{responses.loopback} ticks; digest {loaded.digest.hex()}"
    )
    for target, names in loaded.restrictions.items():
        typer.echo(f"cannot be run on {target}: reads {', '.join(sorted(names))}")
    for line in loaded.disassemble(start).lines(count):
        typer.echo(line)
