"""Data sets: yin-yang from its definition, MNIST from the user's files, rotation of images.

===================  =========================================================
name                 what it is
===================  =========================================================
`YinYang`            points in three classes
`read_mnist`         images and labels from a folder with the four files
`read_idx`           one file in IDX form
`rotated`            images turned by random angles
===================  =========================================================

Reference: frontend-torch.md A9, E.
"""

from hxtwin.frontend.torch.datasets.idx import read_idx
from hxtwin.frontend.torch.datasets.mnist import LabelledImages, read_mnist
from hxtwin.frontend.torch.datasets.rotation import rotated
from hxtwin.frontend.torch.datasets.yinyang import YinYang

__all__ = ["LabelledImages", "YinYang", "read_idx", "read_mnist", "rotated"]
