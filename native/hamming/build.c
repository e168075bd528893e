/* Making the tables of a segment: which codes occur twice, and a two-pass radix sort for each table. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 64 /* codes whose places in the hash table are fetched together */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15u;
    return x ^ x >> 29;
}

/* A universal hash (NH): without the keys nobody can choose codes that collide. */
static uint64_t hash(const uint8_t *code, const uint32_t *keys)
{
    uint64_t sum = 0;
    uint32_t word[8];
    memcpy(word, code, HAM_BYTES);
    for (int i = 0; i < 8; i += 2)
        sum += (uint64_t)(uint32_t)(word[i] + keys[i]) * (uint32_t)(word[i + 1] + keys[i + 1]);
    return mix(sum);
}

/* Find the place of a code in the open hash table: slots hold hash high bits << 32 | row + 1. Returns the row that has
 * the code already, or the row itself. */
static uint64_t place(uint64_t *slots, size_t mask, const uint8_t *codes, uint64_t row, uint64_t hashed)
{
    uint64_t tag = hashed & 0xffffffff00000000u;
    for (size_t slot = (size_t)hashed & mask;; slot = (slot + 1) & mask) {
        uint64_t held = slots[slot], other = (held & UINT32_MAX) - 1;
        if (!held) {
            slots[slot] = tag | (row + 1);
            return row;
        }
        if ((held & 0xffffffff00000000u) == tag &&
            memcmp(codes + HAM_BYTES * other, codes + HAM_BYTES * row, HAM_BYTES) == 0)
            return other;
    }
}

ham_status ham_duplicates(const uint8_t *codes, size_t count, uint64_t seed, ham_list *pairs)
{
    uint32_t keys[8];
    uint64_t hashed[BATCH];
    size_t size = 64;
    for (int i = 0; i < 8; i++) {
        seed += 0x9e3779b97f4a7c15u;
        keys[i] = (uint32_t)(mix(mix(seed)) >> 24);
    }
    while (size / 2 < count)
        size *= 2;
    uint64_t *slots = calloc(size, sizeof *slots);
    if (!slots)
        return HAM_NO_MEMORY;
    for (size_t begin = 0; begin < count; begin += BATCH) {
        size_t batch = count - begin < BATCH ? count - begin : BATCH;
        for (size_t i = 0; i < batch; i++) {
            hashed[i] = hash(codes + HAM_BYTES * (begin + i), keys);
            HAM_PREFETCH_WRITE(slots + (hashed[i] & (size - 1)));
        }
        for (size_t i = 0; i < batch; i++) {
            uint64_t row = begin + i, first = place(slots, size - 1, codes, row, hashed[i]);
            if (first == row)
                continue;
            if (!ham_reserve(pairs, 1)) {
                free(slots);
                return HAM_NO_MEMORY;
            }
            pairs->at[pairs->count++] = row << 32 | first;
        }
    }
    free(slots);
    return HAM_OK;
}

static inline int skipped(const uint8_t *skip, size_t row)
{
    return skip && skip[row >> 3] >> (row & 7) & 1;
}

/* Sort by high byte: 256 places to write to at a time stay in the cache. Entries are row << 32 | chunk << 16 | other. */
static void sort_high(const uint8_t *codes, size_t count, const uint8_t *skip, size_t table, size_t *next,
                      uint64_t *sorted)
{
    const uint8_t *here = codes + 2 * table, *other = codes + 2 * (table ^ 1);
    for (size_t row = 0; row < count; row++, here += HAM_BYTES, other += HAM_BYTES)
        if (!skipped(skip, row))
            sorted[next[here[1]]++] = (uint64_t)row << 32 | (uint64_t)here[1] << 24 | (uint64_t)here[0] << 16 |
                                      (uint64_t)other[1] << 8 | other[0];
}

/* Sort entries that share a high byte by the low byte, and write them to their table from `base` on. */
static void sort_low(const uint64_t *entries, size_t count, size_t base, uint32_t *off, uint32_t *rows,
                     uint16_t *partner)
{
    size_t next[256] = {0}, at = base;
    for (size_t i = 0; i < count; i++)
        next[entries[i] >> 16 & 255]++;
    for (size_t low = 0; low < 256; low++) {
        size_t here = next[low];
        off[low] = (uint32_t)at;
        next[low] = at;
        at += here;
    }
    for (size_t i = 0; i < count; i++) {
        size_t to = next[entries[i] >> 16 & 255]++;
        rows[to] = (uint32_t)(entries[i] >> 32);
        partner[to] = (uint16_t)entries[i];
    }
}

ham_status ham_tables(const uint8_t *codes, size_t count, const uint8_t *skip, size_t distinct, uint32_t *off,
                      uint32_t *rows, uint16_t *partner)
{
    size_t (*starts)[257] = calloc(HAM_TABLES, sizeof *starts);
    uint64_t *sorted = malloc((distinct ? distinct : 1) * sizeof *sorted);
    size_t kept = 0;
    if (!starts || !sorted) {
        free(starts);
        free(sorted);
        return HAM_NO_MEMORY;
    }
    for (size_t row = 0; row < count; row++)
        if (!skipped(skip, row)) {
            kept++;
            for (size_t table = 0; table < HAM_TABLES; table++)
                starts[table][codes[HAM_BYTES * row + 2 * table + 1] + 1]++;
        }
    for (size_t table = 0; table < HAM_TABLES && kept == distinct; table++) {
        size_t next[256];
        for (size_t high = 0; high < 256; high++)
            starts[table][high + 1] += starts[table][high];
        memcpy(next, starts[table], sizeof next);
        sort_high(codes, count, skip, table, next, sorted);
        for (size_t high = 0; high < 256; high++) {
            size_t begin = starts[table][high], end = starts[table][high + 1];
            sort_low(sorted + begin, end - begin, begin, off + 256 * high, rows, partner);
        }
        off[HAM_BUCKETS] = (uint32_t)distinct;
        off += HAM_STARTS;
        rows += distinct;
        partner += distinct;
    }
    free(starts);
    free(sorted);
    return kept == distinct ? HAM_OK : HAM_CORRUPT;
}
