/* Exact digests: sorted, with a table of prefixes and the next bytes of each at hand. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#define RUN 16 /* entries that insertion sorts faster than merging */

static inline uint32_t prefix_of(const uint8_t *digest)
{
    return (uint32_t)digest[0] << 8 | digest[1];
}

static uint32_t key_of(const uint8_t *digest, size_t width)
{
    uint32_t key = 0;
    for (size_t i = 2; i < 6; i++)
        key = key << 8 | (i < width ? digest[i] : 0u);
    return key;
}

/* A merge sort, so that no choice of digests makes it slow and equal ones stay in order of entry. */
static void sort(uint32_t *order, uint32_t *spare, size_t count, const uint8_t *values, size_t width)
{
    for (size_t begin = 0; begin < count; begin += RUN)
        for (size_t i = begin + 1; i < count && i < begin + RUN; i++) {
            uint32_t entry = order[i];
            size_t k = i;
            for (; k > begin && memcmp(values + width * order[k - 1], values + width * entry, width) > 0; k--)
                order[k] = order[k - 1];
            order[k] = entry;
        }
    for (size_t run = RUN; run < count; run *= 2) {
        memcpy(spare, order, count * sizeof *order);
        for (size_t begin = 0; begin < count; begin += 2 * run) {
            size_t left = begin, middle = count - begin < run ? count : begin + run;
            size_t right = middle, end = count - middle < run ? count : middle + run;
            for (size_t i = begin; i < end; i++) {
                int take_left = left < middle &&
                                (right >= end || memcmp(values + width * spare[left], values + width * spare[right], width) <= 0);
                order[i] = take_left ? spare[left++] : spare[right++];
            }
        }
    }
}

ham_status dig_tables(const uint8_t *values, size_t width, size_t count, uint32_t *prefix, uint32_t *keys,
                      uint32_t *order)
{
    uint32_t *next = calloc(HAM_STARTS, sizeof *next), *spare = NULL;
    size_t largest = 0;
    if (!next)
        return HAM_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        next[prefix_of(values + width * i) + 1]++;
    for (size_t v = 0; v < HAM_BUCKETS; v++) {
        largest = next[v + 1] > largest ? next[v + 1] : largest;
        next[v + 1] += next[v];
    }
    memcpy(prefix, next, HAM_STARTS * sizeof *prefix);
    for (size_t i = 0; i < count; i++)
        order[next[prefix_of(values + width * i)]++] = (uint32_t)i;
    free(next);
    spare = malloc((largest ? largest : 1) * sizeof *spare);
    if (!spare)
        return HAM_NO_MEMORY;
    for (size_t v = 0; v < HAM_BUCKETS; v++)
        sort(order + prefix[v], spare, prefix[v + 1] - prefix[v], values, width);
    free(spare);
    for (size_t i = 0; i < count; i++)
        keys[i] = key_of(values + width * order[i], width);
    return HAM_OK;
}

/* Find where digests that are not below the query begin. Returns SIZE_MAX if an entry is not sound. */
static size_t lower_bound(const dig_segment *segment, const uint8_t *query, size_t low, size_t high)
{
    uint32_t key = key_of(query, segment->width);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int below = segment->keys[middle] < key;
        if (segment->keys[middle] == key) {
            uint32_t entry = segment->order[middle];
            if (entry >= segment->count)
                return SIZE_MAX;
            below = memcmp(segment->values + segment->width * entry, query, segment->width) < 0;
        }
        if (below)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

ham_status dig_search(const dig_segment *segment, const uint8_t *queries, size_t count, uint64_t first_row,
                      ham_list *hits, size_t *counts)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *query = queries + segment->width * i;
        size_t before = hits->count;
        size_t begin = segment->prefix[prefix_of(query)], end = segment->prefix[prefix_of(query) + 1];
        if (begin > end || end > segment->count)
            return HAM_CORRUPT;
        if ((begin = lower_bound(segment, query, begin, end)) == SIZE_MAX)
            return HAM_CORRUPT;
        for (; begin < end; begin++) {
            uint64_t entry = segment->order[begin];
            if (entry >= segment->count)
                return HAM_CORRUPT;
            if (memcmp(segment->values + segment->width * entry, query, segment->width) != 0)
                break;
            if (entry < first_row)
                continue;
            if (!ham_reserve(hits, 1))
                return HAM_NO_MEMORY;
            hits->at[hits->count++] = entry << 32;
        }
        counts[i] = hits->count - before;
    }
    return HAM_OK;
}
