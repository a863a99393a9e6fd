"""Yin-yang, files in IDX form, MNIST, rotation."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from hxtwin.frontend.errors import DataError
from hxtwin.frontend.torch.datasets import YinYang, read_idx, read_mnist, rotated

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"


def idx(*sizes: int, data: bytes | None = None, kind: int = 8) -> bytes:
    count = int(np.prod(sizes))
    head = bytes([0, 0, kind, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    return head + (bytes(k % 10 for k in range(count)) if data is None else data)


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """A folder in the form of MNIST with a few images, plain and compressed."""
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(6, 28, 28))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(6)))
    (tmp_path / "t10k-images.idx3-ubyte").write_bytes(idx(2, 28, 28))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(2))
    return tmp_path


# --- yin-yang ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.75, 0.5, 2),  # centre of the right dot
        (0.25, 0.62, 2),  # inside the left dot
        (0.25, 0.63, 1),  # just outside of it: yin
        (0.5, 0.1, 0),
        (0.5, 0.9, 1),
        (0.75, 0.65, 0),  # upper half, but around the right dot
        (0.875, 0.5, 1),  # on the edge of the right dot: the definition counts it as yin
        (0.375, 0.5, 0),  # on the edge of the left dot
    ],
)
def test_class_follows_the_geometry(x: float, y: float, expected: int) -> None:
    assert YinYang(1, r_small=0.125).class_of(x, y) == expected


def test_samples_are_in_the_disc_with_mirrored_coordinates_and_their_class() -> None:
    data = YinYang(300, seed=3)
    x, y = data.values[:, 0].double(), data.values[:, 1].double()
    assert float(((x - 0.5) ** 2 + (y - 0.5) ** 2).max()) <= 0.25 + 1e-6
    torch.testing.assert_close(data.values[:, 2:], 1 - data.values[:, :2])
    assert [data.class_of(float(a), float(b)) for a, b in zip(x, y, strict=True)] == data.classes.tolist()


def test_classes_are_equally_frequent() -> None:
    counts = torch.bincount(YinYang(1500, seed=1).classes)
    assert counts.tolist() == pytest.approx([500, 500, 500], abs=75)


def test_random_numbers_are_those_of_the_legacy_generator() -> None:
    random = np.random.RandomState(42)
    first = random.randint(3)
    data = YinYang(1, seed=42)
    assert int(data.classes[0]) == first
    while True:
        x, y = random.rand(2)
        if (x - 0.5) ** 2 + (y - 0.5) ** 2 <= 0.25 and data.class_of(x, y) == first:
            break
    assert data.values[0, :2].tolist() == pytest.approx([x, y])


def test_seed_decides() -> None:
    assert torch.equal(YinYang(20, seed=5).values, YinYang(20, seed=5).values)
    assert not torch.equal(YinYang(20, seed=5).values, YinYang(20, seed=6).values)
    value, label = YinYang(20, seed=5)[3]
    assert value.shape == (4,)
    assert len(YinYang(20)) == 20
    assert int(label) in range(3)


@pytest.mark.parametrize(("size", "r_small"), [(0, 0.1), (10, 0.25), (10, 0.0), (10_000_001, 0.1)])
def test_impossible_data_sets_are_refused(size: int, r_small: float) -> None:
    with pytest.raises(DataError, match="YinYang"):
        YinYang(size, r_small=r_small)


# --- IDX --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("sizes", [(7,), (2, 3), (2, 3, 4)])
def test_idx_files_are_read(tmp_path: Path, sizes: tuple[int, ...], compressed: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx(*sizes)) if compressed else idx(*sizes))
    array = read_idx(path)
    assert array.shape == sizes
    assert array.flatten().tolist() == [k % 10 for k in range(int(np.prod(sizes)))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing"),
        (b"\0\0\x08", "no IDX file"),
        (idx(2, 2, kind=13), "begins with 00 00 0d 02"),
        (idx(2)[:6], "ends within its head"),
        (idx(2, 3)[:-1], "shorter than its head says"),
        (idx(2, 3) + b"\0", "longer than its head says"),
        (idx(2, 0, data=b""), "2 x 0 entries"),
        (idx(1, data=b"")[:4] + b"\xff\xff\xff\xff", "4294967295 entries"),
        (gzip.compress(idx(100), mtime=0)[:-20], "cannot be read"),
        (b"\x1f\x8b" + b"rubbish", "cannot be read"),
        (b"\0\0\x08\x05" + bytes(20), "00 00 08 01..04 is wanted"),
    ],
    ids=[
        "nothing",
        "no-idx",
        "kind-13",
        "cut-head",
        "too-short",
        "too-long",
        "no-entries",
        "huge-count",
        "cut-gzip",
        "rubbish-gzip",
        "five-axes",
    ],
)
def test_damaged_idx_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(path)


def test_absent_idx_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent does not exist"):
        read_idx(tmp_path / "absent")


# --- MNIST ------------------------------------------------------------------------------------------------------------


def test_mnist_is_read_from_four_files(mnist: Path) -> None:
    train, test = read_mnist(mnist, train=True), read_mnist(str(mnist), train=False)
    assert (len(train), len(test)) == (6, 2)
    assert train.images.shape == (6, 28, 28)
    assert train.images.dtype == torch.uint8
    assert train.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert len(train.part(1, 4)) == 3


def test_absent_folder_and_files_are_explained(mnist: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere does not exist; put the four files.*--data"):
        read_mnist(mnist / "nowhere", train=True)
    (mnist / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\[.gz\] is needed.*lacks it"):
        read_mnist(mnist, train=False)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train-images-idx3-ubyte", idx(6, 27, 28), "images of 28 x 28 are wanted"),
        ("train-labels-idx1-ubyte.gz", gzip.compress(idx(5), mtime=0), "for the 6 images"),
        ("train-labels-idx1-ubyte.gz", gzip.compress(idx(6, data=bytes([0, 1, 2, 3, 4, 10])), mtime=0), "label 10"),
    ],
    ids=["images-27-x-28", "five-labels", "label-10"],
)
def test_files_that_do_not_fit_are_refused(mnist: Path, name: str, content: bytes, message: str) -> None:
    (mnist / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_mnist(mnist, train=True)


def test_real_files_have_their_known_content(mnist: Path) -> None:
    if not SHARED.is_dir():
        assert len(read_mnist(mnist, train=False)) == 2
        return
    test = read_mnist(SHARED, train=False)
    assert len(test) == 5000
    assert test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert torch.bincount(test.labels, minlength=10).min() > 400
    assert float(test.images.float().mean()) == pytest.approx(31.7, abs=1.0)


# --- rotation ---------------------------------------------------------------------------------------------------------


def test_right_angle_turns_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", lambda *size, generator=None: torch.full(size, 1.0 - 1e-7))
    images = torch.arange(36.0).view(1, 6, 6)
    turned = rotated(images, degrees=90.0, probability=2.0)
    options = [torch.rot90(images, k, (1, 2)) for k in (1, 3)]
    assert any(torch.allclose(turned, option, atol=1e-3) for option in options)


def test_only_a_part_is_turned_and_ink_is_kept() -> None:
    images = torch.zeros(200, 28, 28)
    images[:, 8:20, 12:16] = 1.0
    turned = rotated(images, 25.0, 0.5, torch.Generator().manual_seed(0))
    changed = (turned != images).flatten(1).any(1)
    assert 70 < int(changed.sum()) < 130
    torch.testing.assert_close(turned.sum((1, 2)), images.sum((1, 2)), rtol=0.05, atol=0.0)


def test_rotation_follows_its_generator() -> None:
    images = torch.rand(5, 28, 28)
    one, other = (rotated(images, generator=torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(one, other)
    assert not torch.equal(one, rotated(images, generator=torch.Generator().manual_seed(5)))
