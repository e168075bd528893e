/* The inner loops for processors with AVX2. */
#include "kernel.h"

#ifdef HAM_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,popcnt")))
#define INLINE static inline __attribute__((always_inline, target("avx2,popcnt")))

/* Bits set in each byte. */
INLINE __m256i byte_bits(__m256i x)
{
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                            2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    return _mm256_add_epi8(_mm256_shuffle_epi8(counts, _mm256_and_si256(x, low)),
                           _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
}

TARGET static size_t scan(const ham_probe *probes, size_t count, const ham_bucket *buckets, size_t ahead,
                          const uint16_t *end, uint64_t *found, size_t room)
{
    const __m256i ones = _mm256_set1_epi8(1);
    size_t kept = 0;
    ham_cursor next = ham_fetch_first(probes, count, buckets, ahead);
    for (const ham_probe *probe = probes; probe < probes + count; probe++) {
        const __m256i value = _mm256_set1_epi16((short)probe->value);
        for (uint32_t k = 0; k < probe->count; k++, buckets++) {
            const __m256i above = _mm256_set1_epi16((short)(probe->limit[k] + 1));
            ham_fetch_next(&next);
            for (size_t i = buckets->begin; i < buckets->end; i += 16) {
                const uint16_t *at = probe->partner + i;
                size_t lanes = buckets->end - i < 16 ? buckets->end - i : 16;
                __m256i x;
                if (end - at >= 16) {
                    x = _mm256_loadu_si256((const __m256i *)at);
                } else {
                    uint16_t tail[16] = {0};
                    for (size_t lane = 0; lane < lanes; lane++)
                        tail[lane] = at[lane];
                    x = _mm256_loadu_si256((const __m256i *)tail);
                }
                __m256i bits = _mm256_maddubs_epi16(byte_bits(_mm256_xor_si256(x, value)), ones);
                uint32_t keep = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi16(above, bits)) & 0x55555555u;
                if (lanes < 16)
                    keep &= (1u << (2 * lanes)) - 1;
                if (!keep)
                    continue;
                if (room - kept < 16)
                    return SIZE_MAX;
                for (; keep; keep &= keep - 1) {
                    size_t entry = i + (size_t)__builtin_ctz(keep) / 2;
                    HAM_PREFETCH(probe->rows + entry);
                    found[kept++] = (uint64_t)probe->tag << 32 | entry;
                }
            }
        }
    }
    return kept;
}

TARGET static size_t near(const uint8_t *codes, size_t count, const uint8_t *query, unsigned radius, uint64_t row,
                          uint64_t *hits)
{
    const __m256i wanted = _mm256_loadu_si256((const __m256i *)query), zero = _mm256_setzero_si256();
    const __m256i above = _mm256_set1_epi64x((long long)radius + 1);
    size_t kept = 0, i = 0;
    for (; i + 4 <= count; i += 4) {
        __m256i sums[4];
        for (size_t k = 0; k < 4; k++) {
            __m256i code = _mm256_loadu_si256((const __m256i *)(codes + HAM_BYTES * (i + k)));
            sums[k] = _mm256_sad_epu8(byte_bits(_mm256_xor_si256(code, wanted)), zero);
        }
        __m256i x = _mm256_add_epi64(_mm256_unpacklo_epi64(sums[0], sums[1]), _mm256_unpackhi_epi64(sums[0], sums[1]));
        __m256i y = _mm256_add_epi64(_mm256_unpacklo_epi64(sums[2], sums[3]), _mm256_unpackhi_epi64(sums[2], sums[3]));
        __m256i distances =
            _mm256_add_epi64(_mm256_permute2x128_si256(x, y, 0x20), _mm256_permute2x128_si256(x, y, 0x31));
        unsigned keep = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(above, distances)));
        if (!keep)
            continue;
        uint64_t distance[4];
        _mm256_storeu_si256((__m256i *)distance, distances);
        for (; keep; keep &= keep - 1) {
            unsigned k = (unsigned)__builtin_ctz(keep);
            hits[kept++] = (row + i + k) << 32 | distance[k];
        }
    }
    for (; i < count; i++) {
        unsigned distance = ham_distance_popcnt(codes + HAM_BYTES * i, query);
        if (distance <= radius)
            hits[kept++] = (row + i) << 32 | distance;
    }
    return kept;
}

const ham_variant ham_avx2 = {"avx2", scan, near, ham_distance_popcnt};
#endif
