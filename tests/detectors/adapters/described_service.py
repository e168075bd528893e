"""A service as an operator describes it, in the fewest words."""

from __future__ import annotations

from collections.abc import Callable

from seawall.detectors.contract import Detector
from tests.detectors.adapters.fake_service import Says

Load = Callable[[str], Detector]
OK = Says({"score": 0.25})


def described(url: str, more: str = "") -> str:
    """Return the configuration of a service at an address."""
    return f"""
adapter: http-json
url: {url}/judge
modalities: [image, text]
headers: {{Authorization: "Bearer ${{SEAWALL_TEST_KEY}}"}}
body:
  image: {{picture: "{{image_base64}}"}}
  text: {{words: "{{text}}"}}
labels: {{adult_sexual: {{path: score}}}}
{more}
"""
