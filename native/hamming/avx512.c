/* The inner loops for processors with AVX-512 BITALG and VPOPCNTDQ. */
#include "kernel.h"

#ifdef HAM_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512bitalg,avx512vpopcntdq,popcnt")))

TARGET static size_t scan(const ham_probe *probes, size_t count, const ham_bucket *buckets, size_t ahead,
                          const uint16_t *end, uint64_t *found, size_t room)
{
    (void)end;
    size_t kept = 0;
    ham_cursor next = ham_fetch_first(probes, count, buckets, ahead);
    for (const ham_probe *probe = probes; probe < probes + count; probe++) {
        const __m512i value = _mm512_set1_epi16((short)probe->value);
        for (uint32_t k = 0; k < probe->count; k++, buckets++) {
            const __m512i limit = _mm512_set1_epi16(probe->limit[k]);
            ham_fetch_next(&next);
            for (size_t i = buckets->begin; i < buckets->end; i += 32) {
                __mmask32 lanes = buckets->end - i >= 32 ? 0xffffffffu : (1u << (buckets->end - i)) - 1;
                __m512i partner = _mm512_maskz_loadu_epi16(lanes, probe->partner + i);
                __m512i bits = _mm512_popcnt_epi16(_mm512_xor_si512(partner, value));
                uint32_t keep = _mm512_mask_cmple_epu16_mask(lanes, bits, limit);
                if (!keep)
                    continue;
                if (room - kept < 32)
                    return SIZE_MAX;
                for (; keep; keep &= keep - 1) {
                    size_t entry = i + (size_t)__builtin_ctz(keep);
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
    static const unsigned LANE_OF[8] = {0, 2, 1, 3, 4, 6, 5, 7}; /* the shuffles below put code k in this lane */
    const __m512i wanted = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)query));
    const __m512i limit = _mm512_set1_epi64(radius);
    size_t kept = 0, i = 0;
    for (; i + 8 <= count; i += 8) {
        __m512i bits[4];
        for (size_t k = 0; k < 4; k++)
            bits[k] = _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(codes + HAM_BYTES * (i + 2 * k)), wanted));
        __m512i x = _mm512_add_epi64(_mm512_unpacklo_epi64(bits[0], bits[1]), _mm512_unpackhi_epi64(bits[0], bits[1]));
        __m512i y = _mm512_add_epi64(_mm512_unpacklo_epi64(bits[2], bits[3]), _mm512_unpackhi_epi64(bits[2], bits[3]));
        __m512i distances = _mm512_add_epi64(_mm512_shuffle_i64x2(x, y, 0x88), _mm512_shuffle_i64x2(x, y, 0xdd));
        unsigned keep = _mm512_cmple_epu64_mask(distances, limit);
        if (!keep)
            continue;
        uint64_t distance[8];
        _mm512_storeu_si512(distance, distances);
        for (unsigned k = 0; k < 8; k++)
            if (keep >> LANE_OF[k] & 1)
                hits[kept++] = (row + i + k) << 32 | distance[LANE_OF[k]];
    }
    for (; i < count; i++) {
        unsigned distance = ham_distance_popcnt(codes + HAM_BYTES * i, query);
        if (distance <= radius)
            hits[kept++] = (row + i) << 32 | distance;
    }
    return kept;
}

const ham_variant ham_avx512 = {"avx512", scan, near, ham_distance_popcnt};
#endif
