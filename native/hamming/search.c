/* Searching the tables of a segment: one query by itself, or many through one table after the other. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#define FEW 4      /* fewer queries go one by one */
#define BLOCK 1024 /* queries that go through the tables together, so that each table is in the cache for all */
#define TURN 64    /* queries of a block whose buckets of one table are scanned together */
#define ROOM 32768 /* entries that they may keep together */

/* What is under way: buckets to scan, and what they kept, first as tag << 32 | entry, then as tag << 32 | row. */
typedef struct {
    const ham_variant *variant;
    const ham_segment *segment;
    ham_plan plan;
    unsigned radius;
    uint64_t first_row;
    ham_probe probes[TURN];
    ham_bucket *buckets;
    uint64_t *found[2];
    size_t room;      /* of found[0] and found[1] */
    uint8_t *crowded; /* for each query of a block, whether it is searched alone */
    ham_list *hits;
} ham_work;

/* List the buckets of one table for a query. Returns how many entries they hold, or SIZE_MAX if an offset is unsound. */
static size_t list_buckets(const ham_work *work, size_t table, const uint8_t *query, size_t tag, ham_probe *probe,
                           ham_bucket *buckets)
{
    const ham_segment *segment = work->segment;
    const uint32_t *off = segment->off + table * HAM_STARTS;
    const uint16_t *mask = work->plan.mask;
    uint32_t here = ham_chunk(query, table), unsound = 0, distinct = (uint32_t)segment->distinct;
    size_t total = 0, count = work->plan.masks[table];
    *probe = (ham_probe){segment->partner + table * segment->distinct, segment->rows + table * segment->distinct,
                         work->plan.allowed[table / 2], (uint32_t)count, (uint32_t)tag,
                         (uint16_t)ham_chunk(query, table ^ 1)};
    for (size_t k = 0; k < count; k++)
        memcpy(&buckets[k], off + (here ^ mask[k]), sizeof *buckets);
    for (size_t k = 0; k < count; k++) {
        unsound |= (uint32_t)(buckets[k].begin > buckets[k].end) | (uint32_t)(buckets[k].end > distinct);
        total += buckets[k].end - buckets[k].begin;
    }
    return unsound ? SIZE_MAX : total;
}

/* How many buckets to fetch ahead: processors have some 16 to 24 cache lines outstanding. */
static size_t ahead(size_t entries, size_t buckets)
{
    size_t lines = buckets ? entries * sizeof(uint16_t) / 64 / buckets + 1 : 1;
    return 12 / lines + 4;
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

/* Append the hits of a row that table `table` found, unless another table finds it first. */
static ham_status verify(const ham_work *work, const uint8_t *query, size_t table, uint64_t row)
{
    const uint8_t *code = work->segment->codes + HAM_BYTES * row;
    unsigned distance = work->variant->distance(code, query);
    if (distance > work->radius || ham_first_table(&work->plan, code, query) != table)
        return HAM_OK;
    if (!ham_reserve(work->hits, 1))
        return HAM_NO_MEMORY;
    if (row >= work->first_row)
        work->hits->at[work->hits->count++] = row << 32 | distance;
    return work->segment->head_count ? add_copies(work->segment, row, distance, work->first_row, work->hits) : HAM_OK;
}

/* Search the tables for one query, or compare it with every code if too many entries share its chunks: work stays within
 * a constant times the number of codes. */
static ham_status search_one(ham_work *work, const uint8_t *query, size_t *count)
{
    const ham_segment *segment = work->segment;
    const uint16_t *end = segment->partner + HAM_TABLES * segment->distinct;
    size_t probes = 0, buckets = 0, total = 0, kept, budget = segment->distinct / 24, before = work->hits->count;
    for (size_t table = 0; table < HAM_TABLES; table++) {
        if (!work->plan.masks[table])
            continue;
        size_t entries = list_buckets(work, table, query, table, &work->probes[probes], work->buckets + buckets);
        if (entries == SIZE_MAX)
            return HAM_CORRUPT;
        buckets += work->probes[probes++].count;
        total += entries;
    }
    *count = 0;
    if (total > segment->distinct / 4 + ROOM)
        return ham_compare(work->variant, segment, query, 1, work->radius, work->first_row, work->hits, count);
    while ((kept = work->variant->scan(work->probes, probes, work->buckets, ahead(total, buckets), end, work->found[0],
                                       work->room)) == SIZE_MAX) {
        if (work->room >= budget)
            return ham_compare(work->variant, segment, query, 1, work->radius, work->first_row, work->hits, count);
        uint64_t *found = realloc(work->found[0], budget * sizeof *found);
        if (!found)
            return HAM_NO_MEMORY;
        work->found[0] = found;
        work->room = budget;
    }
    uint64_t *found = work->found[0];
    for (size_t k = 0; k < kept; k++) {
        size_t table = (size_t)(found[k] >> 32);
        uint64_t row = segment->rows[table * segment->distinct + (found[k] & UINT32_MAX)];
        if (row >= segment->count)
            return HAM_CORRUPT;
        HAM_PREFETCH(segment->codes + HAM_BYTES * row);
        found[k] = (uint64_t)table << 32 | row;
    }
    for (size_t k = 0; k < kept; k++) {
        ham_status status = verify(work, query, (size_t)(found[k] >> 32), found[k] & UINT32_MAX);
        if (status != HAM_OK)
            return status;
    }
    *count = work->hits->count - before;
    for (size_t k = before + 1; k < work->hits->count; k++)
        if (work->hits->at[k - 1] > work->hits->at[k]) {
            qsort(work->hits->at + before, *count, sizeof *work->hits->at, ascending);
            break;
        }
    return HAM_OK;
}

/* What one turn kept, waiting for its codes to arrive. */
typedef struct {
    uint64_t *found;
    size_t kept, table;
} ham_turn;

/* Scan one table for the queries from..to of a block. */
static ham_status scan_turn(ham_work *work, const uint8_t *queries, size_t from, size_t to, ham_turn *turn)
{
    const ham_segment *segment = work->segment;
    const uint16_t *end = segment->partner + HAM_TABLES * segment->distinct;
    size_t probes = 0, total = 0, each = work->plan.masks[turn->table];
    for (size_t i = from; i < to; i++) {
        if (work->crowded[i])
            continue;
        size_t entries = list_buckets(work, turn->table, queries + HAM_BYTES * i, i, &work->probes[probes],
                                      work->buckets + probes * each);
        if (entries == SIZE_MAX)
            return HAM_CORRUPT;
        if (entries > segment->distinct / 64 + ROOM / HAM_TABLES) {
            work->crowded[i] = 1;
        } else {
            total += entries;
            probes++;
        }
    }
    turn->kept = work->variant->scan(work->probes, probes, work->buckets, ahead(total, probes * each), end, turn->found,
                                     ROOM);
    if (turn->kept == SIZE_MAX) {
        turn->kept = 0;
        memset(work->crowded + from, 1, to - from);
    }
    for (size_t k = 0; k < turn->kept; k++) {
        uint64_t row = segment->rows[turn->table * segment->distinct + (turn->found[k] & UINT32_MAX)];
        if (row >= segment->count)
            return HAM_CORRUPT;
        HAM_PREFETCH(segment->codes + HAM_BYTES * row);
        turn->found[k] = (turn->found[k] >> 32) << 32 | row;
    }
    return HAM_OK;
}

/* Verify what a turn kept; `owners` gets the query of each hit. */
static ham_status verify_turn(ham_work *work, const uint8_t *queries, const ham_turn *turn, ham_list *owners)
{
    for (size_t k = 0; k < turn->kept; k++) {
        uint64_t query = turn->found[k] >> 32;
        ham_status status = verify(work, queries + HAM_BYTES * query, turn->table, turn->found[k] & UINT32_MAX);
        if (status != HAM_OK)
            return status;
        if (!ham_reserve(owners, work->hits->count - owners->count))
            return HAM_NO_MEMORY;
        while (owners->count < work->hits->count)
            owners->at[owners->count++] = query;
    }
    return HAM_OK;
}

/* Take a block of queries through one table after the other. */
static ham_status scan_block(ham_work *work, const uint8_t *queries, size_t count, ham_list *owners)
{
    ham_turn turns[2] = {{work->found[0], 0, 0}, {work->found[1], 0, 0}};
    ham_status status = HAM_OK;
    int now = 0;
    for (size_t table = 0; table < HAM_TABLES; table++)
        for (size_t from = 0; from < count && work->plan.masks[table]; from += TURN) {
            turns[now].table = table;
            status = scan_turn(work, queries, from, count - from < TURN ? count : from + TURN, &turns[now]);
            now = !now;
            if (status == HAM_OK)
                status = verify_turn(work, queries, &turns[now], owners);
            turns[now].kept = 0;
            if (status != HAM_OK)
                return status;
        }
    return verify_turn(work, queries, &turns[!now], owners);
}

static ham_status search_block(ham_work *work, const uint8_t *queries, size_t count, size_t *counts)
{
    ham_list found = {NULL, 0, 0}, owners = {NULL, 0, 0}, *hits = work->hits;
    size_t starts[BLOCK];
    memset(work->crowded, 0, count);
    work->hits = &found;
    ham_status status = scan_block(work, queries, count, &owners);
    work->hits = hits;
    for (size_t k = 0; k < owners.count && status == HAM_OK; k++)
        counts[owners.at[k]] += !work->crowded[owners.at[k]];
    for (size_t i = 0; i < count && status == HAM_OK; i++) {
        starts[i] = hits->count;
        if (work->crowded[i])
            status = search_one(work, queries + HAM_BYTES * i, &counts[i]);
        else if (!ham_reserve(hits, counts[i]))
            status = HAM_NO_MEMORY;
        else
            hits->count += counts[i];
    }
    if (status == HAM_OK) {
        for (size_t k = 0; k < owners.count; k++)
            if (!work->crowded[owners.at[k]])
                hits->at[starts[owners.at[k]]++] = found.at[k];
        for (size_t i = 0; i < count; i++)
            if (counts[i] > 1 && !work->crowded[i])
                qsort(hits->at + starts[i] - counts[i], counts[i], sizeof *hits->at, ascending);
    }
    free(found.at);
    free(owners.at);
    return status;
}

static ham_status search_tables(ham_work *work, const uint8_t *queries, size_t count, size_t *counts)
{
    ham_status status = HAM_OK;
    for (size_t i = 0; i < count && status == HAM_OK && count < FEW; i++)
        status = search_one(work, queries + HAM_BYTES * i, &counts[i]);
    for (size_t i = 0; i < count && status == HAM_OK && count >= FEW; i += BLOCK)
        status = search_block(work, queries + HAM_BYTES * i, count - i < BLOCK ? count - i : BLOCK, counts + i);
    return status;
}

ham_status ham_search(const ham_variant *variant, const ham_segment *segment, const uint8_t *queries, size_t count,
                      unsigned radius, uint64_t first_row, ham_list *hits, size_t *counts)
{
    ham_status status = HAM_OK;
    if (!segment->off) {
        for (size_t i = 0; i < count && status == HAM_OK; i += HAM_GROUP)
            status = ham_compare(variant, segment, queries + HAM_BYTES * i,
                                 count - i < HAM_GROUP ? count - i : HAM_GROUP, radius, first_row, hits, counts + i);
        return status;
    }
    ham_work work = {.variant = variant, .segment = segment, .radius = radius, .first_row = first_row, .hits = hits};
    size_t all = 0, most = 0;
    ham_plan_make(&work.plan, radius);
    for (size_t table = 0; table < HAM_TABLES; table++) {
        all += work.plan.masks[table];
        most = work.plan.masks[table] > most ? work.plan.masks[table] : most;
    }
    if (count >= FEW && most * TURN > all)
        all = most * TURN;
    work.room = ROOM;
    work.buckets = malloc(all * sizeof *work.buckets);
    work.found[0] = malloc(ROOM * sizeof *work.found[0]);
    work.found[1] = count < FEW ? NULL : malloc(ROOM * sizeof *work.found[1]);
    work.crowded = count < FEW ? NULL : malloc(BLOCK);
    if (!work.buckets || !work.found[0] || (count >= FEW && (!work.found[1] || !work.crowded)))
        status = HAM_NO_MEMORY;
    else
        status = search_tables(&work, queries, count, counts);
    free(work.buckets);
    free(work.found[0]);
    free(work.found[1]);
    free(work.crowded);
    return status;
}
