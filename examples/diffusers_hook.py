"""A picture pipeline behind the guard of this machine: no server, no network.

    python diffusers_hook.py "a boat on a lake" boat.png

The pipeline is a stand-in that returns a photograph, so that this runs without torch. With diffusers, make it so:

    pipeline = StableDiffusionPipeline.from_pretrained(...)
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image

from seawall.client.diffusers import Blocked, guard_pipeline
from seawall.deploy.local import open_local


@dataclass
class Drawn:
    """What diffusers' pipelines return."""

    images: list[Image.Image]
    seawall: Any = None


class PhotoPipeline:
    """Is called as diffusers' pipelines are, and returns a shipped photograph whatever it is told."""

    def __call__(self, prompt: str, negative_prompt: str | None = None, num_inference_steps: int = 1) -> Drawn:
        """Draw."""
        with Image.open(Path(str(files("seawall.demo_photos"))) / "coffee.jpg") as photo:
            return Drawn([photo.convert("RGB")])


def main(prompt: str, out: str) -> int:
    """Draw a picture into a file; return an exit code."""
    with open_local(app="diffusers-hook", app_version="1") as guard:
        pipeline = guard_pipeline(PhotoPipeline(), guard, account="local", model="photo-1")
        try:
            result = pipeline(prompt)
        except Blocked as error:
            sys.stderr.write(f"{error}\n")
            return 1
    result.images[0].save(out)
    sys.stdout.write(f"{out}: decision {result.seawall[0].decision_id}\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
