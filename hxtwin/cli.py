"""The command line: one application that gathers the commands of the layers.

=========================================  ================================================================
``hxtwin registers``                       all containers: words, place, access, purpose
``hxtwin registers NAME [COORDINATE]``     address formula and bit table of one; addresses at a coordinate
``hxtwin explain ADDRESS [WORD]``          which container, coordinate and field values an address and word are
``hxtwin program FILE``                    what a saved playback program does, instruction by instruction
``hxtwin calib run|show|verify``            calibrate a chip, look at a calibration, measure what it achieves
``hxtwin train yinyang|mnist``             train a network in the loop on a chip, or in software
``hxtwin eval CHECKPOINT``                 evaluate a trained network
``hxtwin emulator --chip 7``               a twin behind Host-ARQ: stands where the lab has an FPGA
=========================================  ================================================================
"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  # evaluated by typer
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import hxtwin
from hxtwin.calib import command as calib
from hxtwin.errors import HxtwinError
from hxtwin.frontend import command as frontend

if TYPE_CHECKING:
    from hxtwin.containers import Container, Meaning
    from hxtwin.coord import Coordinate

app = typer.Typer(
    name="hxtwin",
    help="The BrainScaleS-2 platform in Python: registers, addresses, words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_LARGEST_PORT = 65535

app.add_typer(calib.app, name="calib")
app.add_typer(frontend.train_app, name="train")
app.command(name="eval")(frontend.evaluate)

#: Addresses of one coordinate that are listed; larger composites are summarised.
_LISTED = 16


def main() -> None:
    """Run the command line; errors of hxtwin become one clear line and exit status 1."""
    try:
        app()
    except HxtwinError as error:
        Console(stderr=True).print(f"[red]error:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        _console().print(hxtwin.__version__)
        raise typer.Exit


def _console() -> Console:
    console = Console(highlight=False)
    # wide enough for bit tables when the output goes to a file or a pipe
    return console if console.is_terminal else Console(highlight=False, width=160)


@app.command()
def registers(
    name: Annotated[str | None, typer.Argument(help="Container, e.g. SynapseDriverConfig.", show_default=False)] = None,
    coordinate: Annotated[
        str | None,
        typer.Argument(
            help="Where: a linear index (200), components (block=1,driver=72), or an interval (ppu=0,min=4,max=9).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show containers: what their bits do, and where they live."""
    from hxtwin import containers

    if name is None:
        _overview()
        return
    cls = containers.by_name(name)
    at = None if coordinate is None else _coordinate(cls, coordinate)
    console = _console()
    _heading(console, cls)
    _bit_table(console, cls)
    _composition(console, cls)
    if at is not None:
        _addresses(console, cls, at)


@app.command()
def explain(
    address: Annotated[str, typer.Argument(help="Omnibus word address, e.g. 0x110400.")],
    word: Annotated[str | None, typer.Argument(help="Word at that address, e.g. 0x3e00.", show_default=False)] = None,
) -> None:
    """Tell which container, coordinate and field values an omnibus address and word are."""
    from hxtwin import containers

    console = _console()
    number = _number(address, "address")
    meanings = containers.explain(number)
    if not meanings:
        console.print(f"{number:#010x}: no container lives here.")
        raise typer.Exit(1)
    value = None if word is None else _number(word, "word")
    if len(meanings) > 1:
        console.print(f"{number:#010x} is seen by {len(meanings)} containers:\n")
    for meaning in meanings:
        _explain_one(console, number, meaning, value)


@app.command()
def program(
    file: Annotated[Path, typer.Argument(help="Saved program, as its to_bytes() gives it.", dir_okay=False)],
    start: Annotated[int, typer.Option(min=0, help="First instruction.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="Number of rows to show.")] = 200,
) -> None:
    """List a playback program: time, instruction, container, coordinate, fields."""
    from hxtwin.runtime import commands

    commands.program(file, start, count)


@app.command()
def emulator(
    host: Annotated[str, typer.Option(help="Name or IPv4 address to listen at.")] = "127.0.0.1",
    data_port: Annotated[int, typer.Option(min=0, max=_LARGEST_PORT, help="Data port; 0: any free one.")] = 1234,
    reset_port: Annotated[int, typer.Option(min=0, max=_LARGEST_PORT, help="Reset port; 0: any free one.")] = 45054,
    chip: Annotated[str, typer.Option(help="Serial number of the chip, or 'ideal'.")] = "0",
    noise: Annotated[bool, typer.Option("--noise/--no-noise", help="Temporal noise.")] = True,
    noise_seed: Annotated[int, typer.Option(min=0, help="Another noise on the same chip.")] = 0,
    step_ns: Annotated[int, typer.Option(min=2, max=1000, help="Step of the analog core, ns; even.")] = 100,
    settle: Annotated[str, typer.Option(help="CapMem cells settle as the 'law' says, or 'instant'.")] = "law",
    strict: Annotated[bool, typer.Option("--strict", help="What silicon leaves undefined is an error.")] = False,
) -> None:
    """Serve a twin over UDP, as an FPGA of the lab, until SIGINT or SIGTERM comes."""
    from hxtwin.chipsim import TwinOptions
    from hxtwin.emulator import command

    query = {"chip": chip, "noise": str(int(noise)), "noise_seed": str(noise_seed)}
    query |= {"step_ns": str(step_ns), "settle": settle, "strict": str(int(strict))}
    command.run(TwinOptions.from_query(query), host, data_port, reset_port)


def _number(text: str, what: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number; give the {what} like 4096 or 0x1000") from None


def _overview() -> None:
    from hxtwin import containers

    console = _console()
    table = Table(title="Containers", title_justify="left")
    for title in ("container", "at", "words", "access", "purpose"):
        table.add_column(title, no_wrap=title in ("container", "access"), overflow="fold")
    for name, cls in sorted(containers.types().items()):
        table.add_row(name, cls.coordinate_type.__name__, _words(cls), _access(cls), _purpose(cls))
    console.print(table)
    console.print("`hxtwin registers NAME` shows addresses and bits of one of them.")


def _purpose(cls: type[Container]) -> str:
    return (cls.__doc__ or "").split("\n", 1)[0]


def _words(cls: type[Container]) -> str:
    from hxtwin.containers.memory_block import MemoryBlock

    return "any" if issubclass(cls, MemoryBlock) else str(max(cls.write_word_count(), cls.read_word_count()) or "any")


def _access(cls: type[Container]) -> str:
    readable, writable = cls.is_readable(), cls.is_writable()
    return "read/write" if readable and writable else "read" if readable else "write"


def _heading(console: Console, cls: type[Container]) -> None:
    layout = cls.layout
    console.print(f"[bold]{cls.__name__}[/bold]  {escape(_purpose(cls))}")
    facts = [("lives at", _place(cls)), ("words", _words(cls)), ("access", _access(cls))]
    if layout.write is not None and layout.read is not None and str(layout.write) == str(layout.read):
        facts.append(("address", _formula(str(layout.write), layout.words)))
    else:
        facts += [
            (f"{what} address", _formula(str(expression), layout.words))
            for what, expression in (("write", layout.write), ("read", layout.read))
            if expression is not None
        ]
    facts += [(f"address ({backend})", str(expression)) for backend, expression in layout.other_addresses.items()]
    facts.append(("travels over", ", ".join(cls.backends) + " (the first by default)" * (len(cls.backends) > 1)))
    if cls.read_backends != cls.backends:
        facts.append(("reads over", ", ".join(cls.read_backends)))
    if cls.unsupported_read_targets:
        facts.append(("host refuses reads on", ", ".join(sorted(cls.unsupported_read_targets))))
    facts.append(("differential write", "yes" if cls.differential_write else "no"))
    facts += [
        (f"constant bits, word {c.word}", f"bits {c.lsb + c.width - 1}..{c.lsb} = {c.value:#x}")
        for c in layout.constants
    ]
    if layout.byte_enables is not None:
        facts.append(("byte lanes", f"as {layout.byte_enables} says"))
    if layout.gray_coded:
        facts.append(("words are stored", "Gray coded"))
    if layout.writes_zero:
        facts.append(("a write sends", "0, whatever the fields are"))
    grid = Table.grid(padding=(0, 2))
    for title, text in facts:
        grid.add_row(f"  {title}", escape(text))
    console.print(grid)
    if layout.notes:
        console.print(f"  [dim]{escape(layout.notes)}[/dim]")
    console.print()


def _place(cls: type[Container]) -> str:
    components = ", ".join(f"{name} {type_.min}..{type_.max}" for name, type_ in cls.layout.components.items())
    return cls.coordinate_type.__name__ + (f" ({components})" if components else "")


def _formula(expression: str, words: int) -> str:
    return f"{expression}" + (f"   (w = 0..{words - 1})" if words > 1 else "")


def _bit_table(console: Console, cls: type[Container]) -> None:
    from hxtwin.containers.table import field_rows

    rows = field_rows(cls)
    if not rows:
        console.print("No fields: the access itself is the action.")
        return
    bits = "w0[7:4] = bits 7..4 of word 0, ~ = stored complemented, =v[..] = these bits of the value"
    table = Table(title="Fields" if cls.layout.children else escape(f"Fields ({bits})"), title_justify="left")
    titles = ["field", "bits", "allowed", "default", "unit", "meaning"]
    if cls.layout.children:
        titles.remove("bits")
    if not any(row.unit for row in rows):
        titles.remove("unit")
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title == "bits")
    for row in rows:
        cells = {
            "field": row.path,
            "bits": row.bits,
            "allowed": row.allowed,
            "default": row.default,
            "unit": row.unit,
            "meaning": row.meaning,
        }
        table.add_row(*(escape(cells[title]) for title in titles))
    console.print(table)


def _composition(console: Console, cls: type[Container]) -> None:
    from hxtwin.containers.table import child_rows

    rows = child_rows(cls)
    if not rows:
        return
    table = Table(title="Expands to, in the order of accesses", title_justify="left")
    for title in ("container", "for each", "at", "words", "carries"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, (row.container, row.repeated, row.place, str(row.words), row.fields)))
    console.print(table)


def _coordinate(cls: type[Container], text: str) -> Coordinate:
    """The coordinate of a container from text: a linear index, or components ``name=value,...``."""
    from hxtwin.containers import ContainerError

    type_ = cls.coordinate_type
    if "=" not in text:
        return type_.from_plain(_number(text, "coordinate"))
    given: dict[str, int] = {}
    for item in text.split(","):
        name, _, number = item.partition("=")
        given[name.strip()] = _number(number.strip(), "coordinate component")
    if given.keys() in ({"min", "max"}, {"ppu", "min", "max"}):
        span = [given["min"], given["max"]]
        return type_.from_plain([span, given["ppu"]] if "ppu" in given else span)
    components = cls.layout.components
    if components.keys() != given.keys():
        wanted = ", ".join(components) or "an index"
        raise ContainerError(f"{type_.__name__}: components {', '.join(given)} given, wanted {wanted}")
    index = 0
    for name, component in components.items():
        index = index * component.size + int(component.from_plain(given[name])) - component.min
    return type_.from_plain(index)


def _addresses(console: Console, cls: type[Container], at: Coordinate) -> None:
    console.print(f"Addresses at {at}", markup=False)
    table = Table()
    columns = [
        (title, found)
        for title, found in (("write", cls.write_addresses(at)), ("read", cls.read_addresses(at)))
        if found.size
    ]
    table.add_column("word")
    for title, _ in columns:
        table.add_column(title)
    count = len(columns[0][1])
    for i in range(min(count, _LISTED)):
        table.add_row(str(i), *(f"{int(found[i]):#010x}" for _, found in columns))
    if count > _LISTED:
        table.add_row("...", *("..." for _ in columns))
        table.add_row(str(count - 1), *(f"{int(found[-1]):#010x}" for _, found in columns))
    console.print(table)


def _explain_one(console: Console, address: int, meaning: Meaning, word: int | None) -> None:
    cls = meaning.container
    where = f"word {meaning.word} of {meaning.words}" if meaning.words > 1 else "its only word"
    console.print(
        f"{address:#010x}: {where}, [bold]{cls.__name__}[/bold] at {escape(str(meaning.coordinate))} ({meaning.access})"
    )
    console.print(f"  {escape(_purpose(cls))}")
    if word is None:
        console.print()
        return
    fields = meaning.fields(word)
    if not fields:
        console.print("  The value does not matter: the access itself is the action.\n")
        return
    table = Table(title=f"word {word:#010x}", title_justify="left")
    for title in ("field", "value", "meaning"):
        table.add_column(title, overflow="fold")
    for field in fields:
        text = field.text if field.complete else f"{field.text} (only the bits in this word)"
        table.add_row(escape(field.path), escape(text), escape(field.meaning))
    console.print(table)
    if unknown := meaning.bits_without_meaning(word):
        console.print(f"  Bits {', '.join(map(str, unknown))} are set but have no meaning; they are ignored.")
    console.print()


if __name__ == "__main__":
    main()
