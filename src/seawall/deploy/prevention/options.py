"""The options of prevention, from `HOME/prevention.yaml`: how many are held out, and how long a choice lasts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from seawall.deploy.prevention._reading import read
from seawall.deploy.prevention.errors import OptionsInvalid


class Options(BaseModel):
    """How prevention measures itself.

    Attributes:
        holdout: Share of adults who get the neutral text at tier T1; 0 measures nothing.
        epoch_days: After so many days, everybody is assigned anew.
        floor: Groups of fewer people than this are never reported.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    format: Literal["seawall-prevention-1"] = "seawall-prevention-1"
    holdout: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    epoch_days: Annotated[int, Field(ge=30, le=730)] = 90
    floor: Annotated[int, Field(ge=5, le=1000)] = 10

    @classmethod
    def open(cls, home: Path) -> Options:
        """Read the options; the defaults if there is no file.

        Raises:
            OptionsInvalid: If the file holds something else.
        """
        try:
            return read(home / "prevention.yaml", cls, OptionsInvalid)
        except FileNotFoundError:
            return cls()
