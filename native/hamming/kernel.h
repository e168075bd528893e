/* Exact search of 256-bit codes by Hamming distance, and of exact digests.
 *
 * Codes are cut into 16 chunks of 16 bits; chunks 2i and 2i+1 are pair i. Table j holds the distinct codes by chunk j:
 * `off` (65,537 starts), `rows` (which code) and `partner` (the other chunk of the pair). Radii 0..63 are exact by the
 * pigeonhole principle, twice: see `ham_plan_make`.
 *
 * Nothing here calls Python, so the module runs it without the GIL. What is read from tables may come from a damaged
 * file: every offset and row number is checked against the sizes that the module has checked. */
#ifndef SEAWALL_HAMMING_KERNEL_H
#define SEAWALL_HAMMING_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define HAM_BYTES 32                      /* bytes in a code */
#define HAM_PAIRS 8                       /* pairs of chunks */
#define HAM_TABLES 16                     /* chunks, and a table for each */
#define HAM_BUCKETS 65536                 /* values of a chunk */
#define HAM_STARTS (HAM_BUCKETS + 1)
#define HAM_MAX_RADIUS 63
#define HAM_MAX_ROWS UINT32_MAX           /* row numbers have 32 bits */
#define HAM_MASKS 697                     /* changes of up to 3 bits of a chunk: 1 + 16 + 120 + 560 */
#define HAM_BLOCK 1024                    /* codes that one query is compared with at a time: 32 KiB */
#define HAM_GROUP 16                      /* queries compared with a block of codes while it is in the cache */

#if defined(__GNUC__)
#define HAM_PREFETCH(address) __builtin_prefetch((address), 0, 3)
#define HAM_PREFETCH_WRITE(address) __builtin_prefetch((address), 1, 3)
#define HAM_INLINE static inline __attribute__((always_inline))
#else
#define HAM_PREFETCH(address) ((void)(address))
#define HAM_PREFETCH_WRITE(address) ((void)(address))
#define HAM_INLINE static inline
#endif

typedef enum { HAM_OK, HAM_NO_MEMORY, HAM_CORRUPT } ham_status;

/* Growing numbers. A hit is row << 32 | distance, so that hits sort by row. */
typedef struct {
    uint64_t *at;
    size_t count, room;
} ham_list;

/* Where a bucket lies in its table. */
typedef struct {
    uint32_t begin, end;
} ham_bucket;

/* Buckets of one table that one query scans: keep entries of bucket k whose partner chunk differs from `value` in at most
 * limit[k] bits. */
typedef struct {
    const uint16_t *partner; /* of the table */
    const uint32_t *rows;
    const uint8_t *limit;
    uint32_t count; /* of buckets, 1 or more */
    uint32_t tag;   /* given back with what is kept */
    uint16_t value;
} ham_probe;

/* A segment. Without tables (off == NULL) every code is compared. `heads` are the rows of which later rows are
 * duplicates, ascending; those of heads[k] are copies[copy_starts[k] .. copy_starts[k + 1]]. */
typedef struct {
    const uint8_t *codes;
    const uint32_t *off, *rows;
    const uint16_t *partner;
    const uint32_t *heads, *copy_starts, *copies;
    size_t count;    /* codes */
    size_t distinct; /* codes in each table */
    size_t head_count, copy_count;
} ham_segment;

/* One implementation of the inner loops. */
typedef struct {
    const char *name;
    /* Scan the buckets of probes, which lie one after the other, and write tag << 32 | entry of what they keep; return
     * how many, or SIZE_MAX if they are more than `room`. Buckets are fetched `ahead` before their turn, and row numbers
     * of what is kept. Partner chunks at or beyond `end` are not read. */
    size_t (*scan)(const ham_probe *probes, size_t count, const ham_bucket *buckets, size_t ahead, const uint16_t *end,
                   uint64_t *found, size_t room);
    /* Write the hits among at most HAM_BLOCK codes, numbered from `row`; return how many. */
    size_t (*near)(const uint8_t *codes, size_t count, const uint8_t *query, unsigned radius, uint64_t row,
                   uint64_t *hits);
    /* Return the distance of two codes. */
    unsigned (*distance)(const uint8_t *code, const uint8_t *query);
} ham_variant;

extern const ham_variant ham_portable;
#if defined(__x86_64__) && defined(__GNUC__)
#define HAM_X86 1
extern const ham_variant ham_popcnt, ham_avx2, ham_avx512;
unsigned ham_distance_popcnt(const uint8_t *code, const uint8_t *query);
#endif
#define HAM_VARIANTS 4

/* What a radius needs: pair i may differ in limit[i] bits (-1: not searched), table j is probed for the first
 * masks[j] of all changes of a chunk, which are in order of their number of bits. */
typedef struct {
    int limit[HAM_PAIRS];
    size_t masks[HAM_TABLES];
    uint16_t mask[HAM_MASKS];
    uint8_t bits[HAM_MASKS];
    uint8_t allowed[HAM_PAIRS][HAM_MASKS]; /* limit - bits */
} ham_plan;

void ham_plan_make(ham_plan *plan, unsigned radius);

/* Return the first table whose probing finds `code`, which is within the radius: it alone reports it. */
size_t ham_first_table(const ham_plan *plan, const uint8_t *code, const uint8_t *query);

HAM_INLINE uint32_t ham_chunk(const uint8_t *code, size_t table)
{
    return (uint32_t)code[2 * table] | (uint32_t)code[2 * table + 1] << 8;
}

/* Fill `table` (room for HAM_VARIANTS) with the variants that this processor runs, fastest first; return how many. */
size_t ham_variants(const ham_variant **table);

/* The bucket that is fetched while another is scanned. */
typedef struct {
    const ham_probe *probe, *last;
    const ham_bucket *bucket;
    uint32_t k;
} ham_cursor;

/* Fetch up to 8 lines of the next bucket. */
HAM_INLINE void ham_fetch_next(ham_cursor *next)
{
    if (next->probe == next->last)
        return;
    const char *line = (const char *)(next->probe->partner + next->bucket->begin);
    const char *end = (const char *)(next->probe->partner + next->bucket->end);
    for (int lines = 0; line < end && lines < 8; lines++, line += 64)
        HAM_PREFETCH(line);
    next->bucket++;
    if (++next->k == next->probe->count) {
        next->probe++;
        next->k = 0;
    }
}

/* Fetch the first buckets. */
HAM_INLINE ham_cursor ham_fetch_first(const ham_probe *probes, size_t count, const ham_bucket *buckets, size_t ahead)
{
    ham_cursor next = {probes, probes + count, buckets, 0};
    for (size_t i = 0; i < ahead; i++)
        ham_fetch_next(&next);
    return next;
}

/* Make room for `extra` more numbers; return 0 if there is no memory. */
int ham_reserve(ham_list *list, size_t extra);

/* Append to `hits` the rows from `first_row` on within `radius` of each query, ascending by row for one query after
 * the other; counts[i] is their number for query i. */
ham_status ham_search(const ham_variant *variant, const ham_segment *segment, const uint8_t *queries, size_t count,
                      unsigned radius, uint64_t first_row, ham_list *hits, size_t *counts);

/* Append the hits of queries, at most HAM_GROUP, among all codes from first_row on, as ham_search does. */
ham_status ham_compare(const ham_variant *variant, const ham_segment *segment, const uint8_t *queries, size_t count,
                       unsigned radius, uint64_t first_row, ham_list *hits, size_t *counts);

/* List rows whose code occurs before: row << 32 | first row that has it, ascending. `seed` must be unpredictable, or
 * crafted codes could make this slow. */
ham_status ham_duplicates(const uint8_t *codes, size_t count, uint64_t seed, ham_list *pairs);

/* Fill the tables with the `distinct` codes that are not marked in the bitmap `skip` (NULL: none is). Returns
 * HAM_CORRUPT if their number is another. */
ham_status ham_tables(const uint8_t *codes, size_t count, const uint8_t *skip, size_t distinct, uint32_t *off,
                      uint32_t *rows, uint16_t *partner);

/* Digests of `width` bytes, 4 or more, in order of entry. `order` lists the entries ascending by digest, then entry;
 * prefix[v] is where digests begin that start with the two bytes v, big-endian, and keys[] are the next bytes of each
 * (up to four, big-endian, zero-padded), in order. */
typedef struct {
    const uint8_t *values;
    size_t width, count;
    const uint32_t *prefix, *keys, *order;
} dig_segment;

ham_status dig_tables(const uint8_t *values, size_t width, size_t count, uint32_t *prefix, uint32_t *keys,
                      uint32_t *order);

/* Append the entries from `first_row` on that equal each query, as ham_search does. */
ham_status dig_search(const dig_segment *segment, const uint8_t *queries, size_t count, uint64_t first_row,
                      ham_list *hits, size_t *counts);

#endif
