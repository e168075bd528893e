"""What can stop a clean. Nothing is signed after any of these."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError, UsageError


class DataChanged(SeawallError):
    """The data are not those that were examined."""

    code = "data_changed"
    hint = "examine the data again, and clean with the new findings"
    exit_code = ExitCode.UNEXAMINED


class ItemsMissing(SeawallError):
    """Items that are to be removed are not in the data."""

    code = "items_missing"
    hint = "name the locations just as the scan did; if data went since, scan again"
    exit_code = ExitCode.UNEXAMINED


class ShardLost(SeawallError):
    """A worker died on a shard each time it was tried."""

    code = "shard_lost"
    hint = "run the same command again: it resumes"
    exit_code = ExitCode.UNEXAMINED


class PartitionsRefused(SeawallError):
    """Policy does not allow these partitions in one training set."""

    code = "partitions_refused"


class BadFindings(UsageError):
    """The findings cannot be read."""

    code = "bad_findings"


class OutputInUse(UsageError):
    """The output holds something else."""

    code = "output_in_use"
