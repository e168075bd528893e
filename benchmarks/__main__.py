"""Run every benchmark, one after another."""

import sys

from benchmarks import (
    bench_cases,
    bench_cluster,
    bench_detectors,
    bench_guard,
    bench_guard_media,
    bench_index,
    bench_pdq,
    bench_reports,
    bench_scan,
    bench_separate,
    bench_text,
)

for benchmark in (
    bench_pdq,
    bench_index,
    bench_scan,
    bench_text,
    bench_detectors,
    bench_separate,
    bench_cluster,
    bench_guard,
    bench_guard_media,
    bench_cases,
    bench_reports,
):
    sys.argv[1:] = []
    benchmark.main()
