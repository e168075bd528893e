"""What can be wrong with a cluster."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class ClusterMissing(SeawallError):
    """The cluster engine is not installed."""

    code = "cluster_missing"
    hint = "install seawall[cluster]"


class ClusterError(SeawallError):
    """The cluster cannot be used."""

    code = "cluster"
    hint = "look at the cluster, and run the same command again: it resumes"


class ClusterLost(ClusterError):
    """The cluster failed while it worked."""

    code = "cluster_lost"
    exit_code = ExitCode.UNEXAMINED
