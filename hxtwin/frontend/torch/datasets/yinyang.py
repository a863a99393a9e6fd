"""The yin-yang data set: points in a disc, in three classes.

============  =======  ======================================================================
class         index    where, R = r_big, r = r_small, distances to the centres of the dots
============  =======  ======================================================================
yang          0        everywhere else
yin           1        d_right <= r, or r < d_left <= R / 2, or y > R and d_right > R / 2
dot           2        d_right < r or d_left < r
============  =======  ======================================================================

The dots lie at (1.5 R, R) and (0.5 R, R). A sample is (x, y, 1 - x, 1 - y). Random numbers are those of the legacy
generator of NumPy in the order of the definition, so that equal seeds give the published samples.

Reference: frontend-torch.md A9.
"""

from __future__ import annotations

from math import hypot
from typing import ClassVar, Final

import numpy as np
import torch

from hxtwin.frontend.errors import DataError

#: Largest number of samples that is generated.
MOST_SAMPLES: Final = 10_000_000


class YinYang(torch.utils.data.Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Samples of the yin-yang data set.

    Args:
        size: number of samples.
        seed: of the random numbers.
        r_small: radius of the dots.
        r_big: radius of the disc.

    Attributes:
        values: float32 (size, 4), 0..1.
        classes: int64 (size), 0..2.

    Raises:
        DataError: the dots do not fit, or the size is out of range.
    """

    class_names: ClassVar[tuple[str, ...]] = ("yang", "yin", "dot")

    def __init__(self, size: int = 1000, seed: int = 42, r_small: float = 0.1, r_big: float = 0.5) -> None:
        if not 0 < 2 * r_small < r_big:
            raise DataError(f"YinYang: dots of radius {r_small} do not fit into a disc of radius {r_big}")
        if not 1 <= size <= MOST_SAMPLES:
            raise DataError(f"YinYang: {size} samples wanted, 1..{MOST_SAMPLES} are possible")
        self.r_small = r_small
        self.r_big = r_big
        random = np.random.RandomState(seed)  # the definition names the legacy generator
        values = np.empty((size, 4))
        classes = np.empty(size, np.int64)
        for k in range(size):
            classes[k] = random.randint(3)
            while True:
                x, y = random.rand(2) * 2.0 * r_big
                if hypot(x - r_big, y - r_big) <= r_big and self.class_of(x, y) == classes[k]:
                    break
            values[k] = x, y, 1.0 - x, 1.0 - y
        self.values = torch.from_numpy(values.astype(np.float32))
        self.classes = torch.from_numpy(classes)

    def class_of(self, x: float, y: float) -> int:
        """Class of a point of the disc, 0..2."""
        r, big = self.r_small, self.r_big
        right, left = hypot(x - 1.5 * big, y - big), hypot(x - 0.5 * big, y - big)
        if right < r or left < r:
            return 2
        yin = right <= r or r < left <= 0.5 * big or (y > big and right > 0.5 * big)
        return int(yin)

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.values[index], self.classes[index]
