"""What is written as PNG is read back by others as it was."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from matplotlib.image import imread

from bot.workers.chart_png import write_png

SHAPES = st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([3, 4]))


@given(pixels=SHAPES.flatmap(lambda shape: arrays.arrays(np.uint8, shape)))
def test_colours_survive_and_opacity_is_left_out(pixels: npt.NDArray[np.uint8]) -> None:
    file = io.BytesIO()
    write_png(file, pixels)
    file.seek(0)
    read = np.round(imread(file) * 255).astype(np.uint8)
    np.testing.assert_array_equal(read, pixels[:, :, :3])
