/* Searching a segment: which buckets to scan, verification, and comparing with every code where that is cheaper. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FLIPS 3     /* largest radius of a chunk: 63 / 8 / 2 */
#define MAX_MASKS 697   /* 1 + 16 + 120 + 560 */
#define FIRST_ROOM 4096 /* entries that scanning may keep before more memory is worth it */
#define WORKS 3         /* queries under way at a time */
#define GROUP 16        /* queries compared with a block of codes while it is in the cache */

static const size_t MASKS_WITHIN[MAX_FLIPS + 1] = {1, 17, 137, 697};

/* What a radius needs: pair i may differ in limit[i] bits (-1: not searched), table j is probed for the first
 * masks[j] of all changes of a chunk, which are in order of their number of bits. */
typedef struct {
    int limit[HAM_PAIRS];
    size_t masks[HAM_TABLES];
    uint16_t mask[MAX_MASKS];
    uint8_t bits[MAX_MASKS];
} ham_plan;

/* A query under way: its buckets, then the positions that were kept, then (table << 32 | row). */
typedef struct {
    const uint8_t *query;
    ham_bucket *buckets;
    size_t count, total; /* buckets, and the entries that they hold */
    uint64_t *found;
    size_t room, kept;
    int cheap; /* whether scanning costs less than comparing with every code */
} ham_work;

int ham_reserve(ham_list *list, size_t extra)
{
    if (list->room - list->count >= extra)
        return 1;
    if (extra > SIZE_MAX / 32 - list->count)
        return 0;
    size_t room = list->count + extra + (list->count + extra) / 2 + 64;
    uint64_t *at = realloc(list->at, room * sizeof *at);
    if (!at)
        return 0;
    list->at = at;
    list->room = room;
    return 1;
}

/* Codes within `radius` have some pair i within limit[i], as the limits + 1 sum to radius + 1; and a pair within p has
 * its first chunk within p / 2, or else its second within (p - 1) / 2. Both bounds are tight. */
static void plan_make(ham_plan *plan, unsigned radius)
{
    size_t count = 0;
    for (unsigned bits = 0; bits <= radius / HAM_PAIRS / 2; bits++) {
        uint32_t mask = (1u << bits) - 1;
        while (count < MASKS_WITHIN[bits]) {
            plan->bits[count] = (uint8_t)bits;
            plan->mask[count++] = (uint16_t)mask;
            uint32_t lowest = mask & (~mask + 1), above = mask + lowest; /* the next number with as many bits */
            mask = lowest ? ((above ^ mask) >> 2) / lowest | above : 0;
        }
    }
    int share = (int)radius / HAM_PAIRS, larger = (int)radius % HAM_PAIRS + 1;
    for (int i = 0; i < HAM_PAIRS; i++) {
        int limit = i < larger ? share : share - 1;
        plan->limit[i] = limit;
        plan->masks[2 * i] = limit >= 0 ? MASKS_WITHIN[limit / 2] : 0;
        plan->masks[2 * i + 1] = limit >= 1 ? MASKS_WITHIN[(limit - 1) / 2] : 0;
    }
}

static inline uint32_t chunk(const uint8_t *code, size_t table)
{
    return (uint32_t)code[2 * table] | (uint32_t)code[2 * table + 1] << 8;
}

static inline int bits16(uint32_t x)
{
    x -= (x >> 1) & 0x5555;
    x = (x & 0x3333) + ((x >> 2) & 0x3333);
    x = (x + (x >> 4)) & 0x0f0f;
    return (int)((x + (x >> 8)) & 0x1f);
}

/* The first table whose probing finds `code`: it alone reports it. */
static size_t first_table(const ham_plan *plan, const uint8_t *code, const uint8_t *query)
{
    for (size_t i = 0; i < HAM_PAIRS; i++) {
        int a = bits16(chunk(code, 2 * i) ^ chunk(query, 2 * i));
        int b = bits16(chunk(code, 2 * i + 1) ^ chunk(query, 2 * i + 1));
        if (a + b <= plan->limit[i])
            return a <= plan->limit[i] / 2 ? 2 * i : 2 * i + 1;
    }
    return HAM_TABLES;
}

/* Fetch the starts of buckets that list_buckets will read for radii up to 31; flips of the low bits share a line. */
static void fetch_starts(const ham_segment *segment, const uint8_t *query)
{
    for (size_t table = 0; table < HAM_TABLES; table++) {
        const uint32_t *off = segment->off + table * HAM_STARTS;
        uint32_t here = chunk(query, table);
        HAM_PREFETCH(off + here);
        for (uint32_t flip = 16; flip < HAM_BUCKETS; flip <<= 1)
            HAM_PREFETCH(off + (here ^ flip));
    }
}

/* List the buckets of a query. */
static ham_status list_buckets(const ham_plan *plan, const ham_segment *segment, ham_work *work)
{
    size_t total = 0, made = 0;
    uint32_t unsound = 0, distinct = (uint32_t)segment->distinct;
    for (size_t table = 0; table < HAM_TABLES; table++) {
        const uint32_t *off = segment->off + table * HAM_STARTS;
        const uint16_t *partner = segment->partner + table * segment->distinct;
        uint32_t here = chunk(work->query, table);
        uint16_t other = (uint16_t)chunk(work->query, table ^ 1);
        int limit = plan->limit[table / 2];
        for (size_t k = 0; k < plan->masks[table]; k++) {
            uint32_t value = here ^ plan->mask[k], begin = off[value], end = off[value + 1];
            unsound |= (uint32_t)(begin > end) | (uint32_t)(end > distinct);
            work->buckets[made] =
                (ham_bucket){partner + begin, end - begin, other, (uint16_t)(limit - plan->bits[k])};
            made += end != begin;
            total += end - begin;
        }
    }
    work->count = made;
    work->total = total;
    work->kept = 0;
    /* Many entries that share few chunks make scanning dear. */
    work->cheap = total <= segment->distinct / 4 + FIRST_ROOM;
    return unsound ? HAM_CORRUPT : HAM_OK;
}

/* Turn the positions that were kept into tables and rows, and fetch the codes. */
static ham_status resolve(const ham_segment *segment, ham_work *work)
{
    for (size_t k = 0; k < work->kept; k++) {
        uint64_t position = work->found[k], row = segment->rows[position];
        if (row >= segment->count)
            return HAM_CORRUPT;
        HAM_PREFETCH(segment->codes + HAM_BYTES * row);
        work->found[k] = position / segment->distinct << 32 | row;
    }
    return HAM_OK;
}

static int ascending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Append the duplicates of a row. */
static ham_status add_copies(const ham_segment *segment, uint64_t row, uint64_t distance, uint64_t first_row,
                             ham_list *hits)
{
    size_t low = 0, high = segment->head_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (segment->heads[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == segment->head_count || segment->heads[low] != row)
        return HAM_OK;
    size_t begin = segment->copy_starts[low], end = segment->copy_starts[low + 1];
    if (begin > end || end > segment->copy_count)
        return HAM_CORRUPT;
    if (!ham_reserve(hits, end - begin))
        return HAM_NO_MEMORY;
    for (size_t k = begin; k < end; k++) {
        uint64_t copy = segment->copies[k];
        if (copy >= segment->count)
            return HAM_CORRUPT;
        if (copy >= first_row)
            hits->at[hits->count++] = copy << 32 | distance;
    }
    return HAM_OK;
}

/* Verify what a query kept, and append its hits. */
static ham_status finish(const ham_variant *variant, const ham_plan *plan, const ham_segment *segment, ham_work *work,
                         unsigned radius, uint64_t first_row, ham_list *hits, size_t *count)
{
    size_t before = hits->count;
    int sorted = 1;
    for (size_t k = 0; k < work->kept; k++) {
        uint64_t row = work->found[k] & UINT32_MAX;
        const uint8_t *code = segment->codes + HAM_BYTES * row;
        unsigned distance = variant->distance(code, work->query);
        if (distance > radius || first_table(plan, code, work->query) != work->found[k] >> 32)
            continue;
        if (!ham_reserve(hits, 1))
            return HAM_NO_MEMORY;
        if (row >= first_row)
            hits->at[hits->count++] = row << 32 | distance;
        if (segment->head_count) {
            ham_status status = add_copies(segment, row, distance, first_row, hits);
            if (status != HAM_OK)
                return status;
        }
    }
    for (size_t k = before + 1; k < hits->count && sorted; k++)
        sorted = hits->at[k - 1] <= hits->at[k];
    if (!sorted)
        qsort(hits->at + before, hits->count - before, sizeof *hits->at, ascending);
    *count = hits->count - before;
    return HAM_OK;
}

/* Compare queries, at most GROUP, with every code from first_row on. */
static ham_status compare_all(const ham_variant *variant, const ham_segment *segment, const uint8_t *queries,
                              size_t group, unsigned radius, uint64_t first_row, ham_list *hits, size_t *counts)
{
    ham_list own[GROUP];
    ham_status status = HAM_OK;
    memset(own, 0, sizeof own);
    for (size_t row = (size_t)first_row; row < segment->count && status == HAM_OK; row += HAM_BLOCK) {
        size_t block = segment->count - row < HAM_BLOCK ? segment->count - row : HAM_BLOCK;
        for (size_t i = 0; i < group; i++) {
            ham_list *list = group == 1 ? hits : &own[i];
            if (!ham_reserve(list, HAM_BLOCK)) {
                status = HAM_NO_MEMORY;
                break;
            }
            size_t found = variant->near(segment->codes + HAM_BYTES * row, block, queries + HAM_BYTES * i, radius, row,
                                         list->at + list->count);
            list->count += found;
            counts[i] += found;
        }
    }
    for (size_t i = 0; i < group; i++) {
        if (status == HAM_OK && own[i].count) {
            if (ham_reserve(hits, own[i].count)) {
                memcpy(hits->at + hits->count, own[i].at, own[i].count * sizeof *hits->at);
                hits->count += own[i].count;
            } else {
                status = HAM_NO_MEMORY;
            }
        }
        free(own[i].at);
    }
    return status;
}

/* Scan the buckets of a query, which stops being cheap if too many entries are kept: work stays within a constant times
 * the number of codes. */
static ham_status scan(const ham_variant *variant, const ham_segment *segment, ham_work *work)
{
    size_t budget = segment->distinct / 24;
    /* Fetching as far ahead as processors have outstanding loads for, some 16 to 24 cache lines. */
    size_t lines = work->count ? work->total * sizeof(uint16_t) / 64 / work->count + 1 : 1, ahead = 12 / lines + 4;
    const uint16_t *end = segment->partner + HAM_TABLES * segment->distinct;
    for (;;) {
        work->kept = variant->scan(work->buckets, work->count, ahead, segment->partner, end, segment->rows,
                                   work->found, work->room);
        if (work->kept != SIZE_MAX)
            return resolve(segment, work);
        if (work->room >= budget) {
            work->cheap = 0;
            return HAM_OK;
        }
        uint64_t *found = realloc(work->found, budget * sizeof *found);
        if (!found)
            return HAM_NO_MEMORY;
        work->found = found;
        work->room = budget;
    }
}

/* Three queries are under way at a time: what the first verifies and the second scans was fetched before. */
static ham_status search_tables(const ham_variant *variant, const ham_plan *plan, const ham_segment *segment,
                                ham_work *work, const uint8_t *queries, size_t count, unsigned radius,
                                uint64_t first_row, ham_list *hits, size_t *counts)
{
    ham_status status = HAM_OK;
    for (size_t i = 0; i < count + 2 && status == HAM_OK; i++) {
        if (i + 1 < count)
            fetch_starts(segment, queries + HAM_BYTES * (i + 1));
        if (i < count) {
            work[i % WORKS].query = queries + HAM_BYTES * i;
            status = list_buckets(plan, segment, &work[i % WORKS]);
        }
        if (status == HAM_OK && i >= 1 && i <= count && work[(i - 1) % WORKS].cheap)
            status = scan(variant, segment, &work[(i - 1) % WORKS]);
        if (status == HAM_OK && i >= 2) {
            ham_work *last = &work[(i - 2) % WORKS];
            status = last->cheap ? finish(variant, plan, segment, last, radius, first_row, hits, &counts[i - 2])
                                 : compare_all(variant, segment, last->query, 1, radius, first_row, hits, &counts[i - 2]);
        }
    }
    return status;
}

ham_status ham_search(const ham_variant *variant, const ham_segment *segment, const uint8_t *queries, size_t count,
                      unsigned radius, uint64_t first_row, ham_list *hits, size_t *counts)
{
    ham_status status = HAM_OK;
    if (!segment->off) {
        for (size_t i = 0; i < count && status == HAM_OK; i += GROUP)
            status = compare_all(variant, segment, queries + HAM_BYTES * i, count - i < GROUP ? count - i : GROUP,
                                 radius, first_row, hits, counts + i);
        return status;
    }
    ham_plan plan;
    size_t buckets = 1; /* one to write to that may not count */
    plan_make(&plan, radius);
    for (size_t table = 0; table < HAM_TABLES; table++)
        buckets += plan.masks[table];
    ham_work work[WORKS];
    memset(work, 0, sizeof work);
    for (int i = 0; i < WORKS; i++) {
        work[i].buckets = malloc(buckets * sizeof(ham_bucket));
        work[i].found = malloc(FIRST_ROOM * sizeof(uint64_t));
        work[i].room = FIRST_ROOM;
        if (!work[i].buckets || !work[i].found)
            status = HAM_NO_MEMORY;
    }
    if (status == HAM_OK)
        status = search_tables(variant, &plan, segment, work, queries, count, radius, first_row, hits, counts);
    for (int i = 0; i < WORKS; i++) {
        free(work[i].buckets);
        free(work[i].found);
    }
    return status;
}
