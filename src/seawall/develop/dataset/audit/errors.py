"""What can go wrong with an audit. No message carries content; items are named by number."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class AuditError(SeawallError):
    """The audit cannot go on."""

    code = "audit"


class NotAuditable(AuditError):
    """There is nothing here from which a sample could be drawn."""

    code = "audit_population"
    hint = "give the output directory of a finished 'seawall separate'"


class NoSample(AuditError):
    """No sample has been drawn."""

    code = "audit_no_sample"
    hint = "draw one with 'seawall separate audit draw'"


class SampleExists(AuditError):
    """Another sample has been drawn already."""

    code = "audit_sample_exists"
    hint = "finish it, or draw anew: the draw is counted, and the earlier ones are kept"


class SampleDamaged(AuditError):
    """The sample or its verdicts are not what was written."""

    code = "audit_damaged"
    exit_code = ExitCode.UNEXAMINED


class SampleStale(AuditError):
    """The partitions have changed since the sample was drawn."""

    code = "audit_stale"
    hint = "draw a new sample"


class VerdictConflict(AuditError):
    """The same person gave another verdict on this item before."""

    code = "audit_conflict"
    hint = "correct it on purpose with --correct"


class Unfinished(AuditError):
    """Items of the sample have no verdict yet."""

    code = "audit_unfinished"
    hint = "review them, or count them as leaks"
    exit_code = ExitCode.UNEXAMINED
