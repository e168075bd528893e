/* Comparing with every code: for segments without tables, and where that is cheaper than scanning them. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

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

ham_status ham_compare(const ham_variant *variant, const ham_segment *segment, const uint8_t *queries, size_t count,
                       unsigned radius, uint64_t first_row, ham_list *hits, size_t *counts)
{
    ham_list own[HAM_GROUP];
    ham_status status = HAM_OK;
    memset(own, 0, sizeof own);
    for (size_t row = (size_t)first_row; row < segment->count && status == HAM_OK; row += HAM_BLOCK) {
        size_t block = segment->count - row < HAM_BLOCK ? segment->count - row : HAM_BLOCK;
        for (size_t i = 0; i < count; i++) {
            ham_list *list = count == 1 ? hits : &own[i];
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
    for (size_t i = 0; i < count; i++) {
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
