"""Modules that speak of all types at once: hemisphere family, array formulas, catalogue, package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coordinates.generator.formula import array_code
from coordinates.generator.naming import snake_case
from coordinates.generator.render import GENERATED

if TYPE_CHECKING:
    from coordinates.generator.catalogue import Catalogue

__all__ = ["array_formulas", "catalogue_module", "hemisphere_module", "package"]

_PUBLIC_ENGINE = {
    "all_of": ["AllOf"],
    "catalogue": ["types"],
    "composite": ["Composite"],
    "coordinate": ["Coordinate", "Indexed", "Integer", "Plain"],
    "errors": ["CoordinateError", "CoordinateTypeError"],
    "grid": ["Grid"],
    "index_conversion": ["conversions", "convert_indices"],
    "interval": ["Interval"],
    "iteration": ["product", "sample"],
    "label": ["Label"],
    "ranged": ["Ranged"],
    "typed_array": ["TypedArray"],
}


def hemisphere_module(catalogue: Catalogue) -> str:
    """Return the source of the base class of everything that exists once per hemisphere."""
    members = [(one.name, catalogue.module(one.name)) for one in catalogue.family()]
    modules = ", ".join(sorted({module for _, module in members}))
    lines = [
        '"""The hemisphere family: types with one value per hemisphere, 0 = top and 1 = bottom.',
        "",
        "Each converts to every other one and to itself with the same index.",
        "Source: reference coordinates.md, section 2; `CADCOnDLS` is a full member, as that section demands.",
        "",
        GENERATED.format(source="*.py"),
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from hxtwin.coord.coordinate import Indexed",
        "",
        '__all__ = ["HemisphereFamily"]',
        "",
        "",
        "class HemisphereFamily(Indexed):",
        '    """A type whose lowest digit says which hemisphere it belongs to."""',
        "",
        "    __slots__ = ()",
        "",
    ]
    for name, module in members:
        lines += [
            f"    def to_{snake_case(name)}(self) -> {module}.{name}:",
            f'        """Return the `{name}` of the same hemisphere."""',
            f"        return {module}.{name}._of(self._index % 2)",
            "",
        ]
    return "\n".join(
        [
            *lines,
            "",
            "# At the end, because these modules derive classes from HemisphereFamily.",
            f"from hxtwin.coord import {modules}  # noqa: E402",
            "",
        ]
    )


def array_formulas(catalogue: Catalogue) -> str:
    """Return the source of the table of whole-array conversions."""
    lines = [
        '"""Conversion formulas on whole arrays of linear indices.',
        "",
        "``FORMULAS[source, target]`` takes ``e``, an int64 array of source indices in range, and returns an int64",
        "array of target indices: `MISSING` where there is no target, a further last axis for several targets.",
        "",
        GENERATED.format(source="*.py"),
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import TYPE_CHECKING, Final, TypeAlias",
        "",
        "import numpy as np",
        "import numpy.typing as npt",
        "",
        "if TYPE_CHECKING:",
        "    from collections.abc import Callable",
        "",
        '__all__ = ["FORMULAS", "MISSING"]',
        "",
        "Indices: TypeAlias = npt.NDArray[np.int64]",
        "MISSING: Final = -1",
        "",
        "FORMULAS: Final[dict[tuple[str, str], Callable[[Indices], Indices]]] = {",
    ]
    for name in sorted(catalogue.declarations):
        for conversion in catalogue.conversions(name):
            code = array_code(conversion.formula)
            if conversion.modulus is not None:
                code = re.sub(r"\be\b", f"(e % {conversion.modulus})", code)
            lines.append(f'    ("{name}", "{conversion.target}"): lambda e: {code},')
    lines += ["}", "", "_HEMISPHERE_FAMILY = ("]
    lines += [f'    "{one.name}",' for one in catalogue.family()]
    lines += [")"]
    sources = [name for name, one in sorted(catalogue.declarations.items()) if catalogue.in_hemisphere_family(one)]
    guests = [name for name in sources if not catalogue.declarations[name].family]
    lines += [
        f"for _source in (*_HEMISPHERE_FAMILY, {', '.join(repr(name) for name in guests)}):",
        "    for _target in _HEMISPHERE_FAMILY:",
        "        FORMULAS[_source, _target] = lambda e: e % 2",
        "",
    ]
    return "\n".join(lines)


def catalogue_module(catalogue: Catalogue) -> str:
    """Return the source of the registry of types by name."""
    modules = sorted({catalogue.module(name) for name in catalogue.declarations})
    lines = [
        '"""All coordinate types by name.',
        "",
        GENERATED.format(source="*.py"),
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from types import MappingProxyType",
        "from typing import TYPE_CHECKING, Final",
        "",
        f"from hxtwin.coord import {', '.join(modules)}",
        "",
        "if TYPE_CHECKING:",
        "    from collections.abc import Mapping",
        "",
        "    from hxtwin.coord.coordinate import Coordinate",
        "",
        '__all__ = ["types"]',
        "",
        "_TYPES: Final[dict[str, type[Coordinate]]] = {",
    ]
    lines += [f'    "{name}": {catalogue.module(name)}.{name},' for name in sorted(catalogue.declarations)]
    lines += [
        "}",
        "_VIEW: Final = MappingProxyType(_TYPES)",
        "",
        "",
        "def types() -> Mapping[str, type[Coordinate]]:",
        '    """Return all coordinate types by name, read-only; nested ones as ``SpikeLabel.PADILabel``."""',
        "    return _VIEW",
        "",
    ]
    return "\n".join(lines)


def package(catalogue: Catalogue, doc: str) -> str:
    """Return the source of ``hxtwin/coord/__init__.py``."""
    by_module: dict[str, list[str]] = {module: list(names) for module, names in _PUBLIC_ENGINE.items()}
    for name in catalogue.declarations:
        names = by_module.setdefault(catalogue.module(name), [])
        if "." not in name:
            names.append(name)
        elif name.split(".")[0] not in catalogue.declarations:
            outer, inner = name.split(".")
            names += [outer, outer + inner]
    lines = [f'"""{doc.strip()}', "", GENERATED.format(source="*.py"), '"""', ""]
    lines += [
        f"from hxtwin.coord.{module} import {', '.join(sorted(names))}" for module, names in sorted(by_module.items())
    ]
    exported = sorted(name for names in by_module.values() for name in names)
    return "\n".join([*lines, "", "__all__ = [", *(f'    "{name}",' for name in exported), "]", ""])
