/* The inner loops in plain C, compiled twice on x86-64 (without and with popcnt), and the choice of variant. */
#include "kernel.h"

#include <string.h>

/* Bits set in each 16-bit lane. */
HAM_INLINE uint64_t lane_bits(uint64_t x)
{
    x -= (x >> 1) & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (x + (x >> 8)) & 0x001f001f001f001fu;
}

HAM_INLINE unsigned bits_portable(uint64_t x)
{
#if defined(__GNUC__) && !defined(HAM_X86)
    return (unsigned)__builtin_popcountll(x);
#else
    return (unsigned)((lane_bits(x) * 0x0001000100010001u) >> 48);
#endif
}

HAM_INLINE uint64_t load64(const uint8_t *at)
{
    uint64_t x;
    memcpy(&x, at, sizeof x);
    return x;
}

#define ONES 0x0001000100010001u
#define TOPS 0x8000800080008000u

HAM_INLINE size_t scan_inline(const ham_probe *probes, size_t count, const ham_bucket *buckets, size_t ahead,
                              uint64_t *found, size_t room)
{
    size_t kept = 0;
    ham_cursor next = ham_fetch_first(probes, count, buckets, ahead);
    for (const ham_probe *probe = probes; probe < probes + count; probe++) {
        uint64_t value = probe->value * (uint64_t)ONES;
        for (uint32_t k = 0; k < probe->count; k++, buckets++) {
            uint64_t bound = probe->limit[k] * (uint64_t)ONES | TOPS;
            ham_fetch_next(&next);
            for (size_t i = buckets->begin; i < buckets->end; i += 4) {
                size_t lanes = buckets->end - i < 4 ? buckets->end - i : 4;
                uint64_t x = 0;
                if (lanes == 4)
                    memcpy(&x, probe->partner + i, 8);
                else
                    memcpy(&x, probe->partner + i, 2 * lanes);
                uint64_t keep = (bound - lane_bits(x ^ value)) & TOPS;
                if (!keep)
                    continue;
                if (room - kept < 4)
                    return SIZE_MAX;
                for (size_t lane = 0; lane < lanes; lane++)
                    if (keep >> (16 * lane + 15) & 1) {
                        HAM_PREFETCH(probe->rows + i + lane);
                        found[kept++] = (uint64_t)probe->tag << 32 | (i + lane);
                    }
            }
        }
    }
    return kept;
}

#define SCALAR(SUFFIX, TARGET, BITS)                                                                                  \
    TARGET static size_t scan_##SUFFIX(const ham_probe *probes, size_t count, const ham_bucket *buckets,              \
                                       size_t ahead, const uint16_t *end, uint64_t *found, size_t room)               \
    {                                                                                                                 \
        (void)end;                                                                                                    \
        return scan_inline(probes, count, buckets, ahead, found, room);                                               \
    }                                                                                                                 \
    TARGET unsigned ham_distance_##SUFFIX(const uint8_t *code, const uint8_t *query)                                  \
    {                                                                                                                 \
        return (unsigned)(BITS(load64(code) ^ load64(query)) + BITS(load64(code + 8) ^ load64(query + 8)) +           \
                          BITS(load64(code + 16) ^ load64(query + 16)) + BITS(load64(code + 24) ^ load64(query + 24))); \
    }                                                                                                                 \
    TARGET static size_t near_##SUFFIX(const uint8_t *codes, size_t count, const uint8_t *query, unsigned radius,     \
                                       uint64_t row, uint64_t *hits)                                                  \
    {                                                                                                                 \
        size_t kept = 0;                                                                                              \
        uint64_t a = load64(query), b = load64(query + 8), c = load64(query + 16), d = load64(query + 24);            \
        for (size_t i = 0; i < count; i++, codes += HAM_BYTES) {                                                      \
            unsigned distance = (unsigned)(BITS(load64(codes) ^ a) + BITS(load64(codes + 8) ^ b) +                    \
                                           BITS(load64(codes + 16) ^ c) + BITS(load64(codes + 24) ^ d));              \
            hits[kept] = (row + i) << 32 | distance;                                                                  \
            kept += distance <= radius;                                                                               \
        }                                                                                                             \
        return kept;                                                                                                  \
    }                                                                                                                 \
    const ham_variant ham_##SUFFIX = {#SUFFIX, scan_##SUFFIX, near_##SUFFIX, ham_distance_##SUFFIX};

unsigned ham_distance_portable(const uint8_t *code, const uint8_t *query);
SCALAR(portable, , bits_portable)
#ifdef HAM_X86
SCALAR(popcnt, __attribute__((target("popcnt"))), __builtin_popcountll)
#endif

size_t ham_variants(const ham_variant **table)
{
    size_t count = 0;
#ifdef HAM_X86
    __builtin_cpu_init();
    int popcnt = __builtin_cpu_supports("popcnt"), avx2 = popcnt && __builtin_cpu_supports("avx2");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq"))
        table[count++] = &ham_avx512;
    if (avx2)
        table[count++] = &ham_avx2;
    if (popcnt)
        table[count++] = &ham_popcnt;
#endif
    table[count++] = &ham_portable;
    return count;
}
