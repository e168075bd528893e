"""The compiled kernels. Each is optional: without a compiler their NumPy twins serve."""

import sys
from pathlib import Path

from setuptools import Extension, setup

STABLE_ABI = ("Py_LIMITED_API", "0x030B0000")
FLAGS = [] if sys.platform == "win32" else ["-O3", "-std=c11", "-fvisibility=hidden", "-Wall", "-Wextra"]


def kernel(name: str, folder: str) -> Extension:
    return Extension(
        name,
        sources=sorted(str(path) for path in Path("native", folder).glob("*.c")),
        depends=sorted(str(path) for path in Path("native", folder).glob("*.h")),
        define_macros=[STABLE_ABI],
        extra_compile_args=FLAGS,
        py_limited_api=True,
        optional=True,
    )


setup(
    ext_modules=[
        kernel("seawall.hashing.pdq._kernel", "pdq"),
        kernel("seawall.matching.index._kernel", "hamming"),
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
