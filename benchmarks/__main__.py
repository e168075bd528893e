"""Run every benchmark, one after another."""

import sys

from benchmarks import bench_index, bench_pdq, bench_scan

for benchmark in (bench_pdq, bench_index, bench_scan):
    sys.argv[1:] = []
    benchmark.main()
