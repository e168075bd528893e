/* What a radius needs of the tables. */
#include "kernel.h"

static const size_t MASKS_WITHIN[] = {1, 17, 137, HAM_MASKS};

/* Codes within `radius` have some pair i within limit[i], as the limits + 1 sum to radius + 1; and a pair within p has
 * its first chunk within p / 2, or else its second within (p - 1) / 2. Both bounds are tight. */
void ham_plan_make(ham_plan *plan, unsigned radius)
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
        for (size_t k = 0; k < count; k++)
            plan->allowed[i][k] = (uint8_t)(limit - plan->bits[k]);
        plan->masks[2 * i] = limit >= 0 ? MASKS_WITHIN[limit / 2] : 0;
        plan->masks[2 * i + 1] = limit >= 1 ? MASKS_WITHIN[(limit - 1) / 2] : 0;
    }
}

static inline int bits16(uint32_t x)
{
    x -= (x >> 1) & 0x5555;
    x = (x & 0x3333) + ((x >> 2) & 0x3333);
    x = (x + (x >> 4)) & 0x0f0f;
    return (int)((x + (x >> 8)) & 0x1f);
}

size_t ham_first_table(const ham_plan *plan, const uint8_t *code, const uint8_t *query)
{
    for (size_t i = 0; i < HAM_PAIRS; i++) {
        int a = bits16(ham_chunk(code, 2 * i) ^ ham_chunk(query, 2 * i));
        int b = bits16(ham_chunk(code, 2 * i + 1) ^ ham_chunk(query, 2 * i + 1));
        if (a + b <= plan->limit[i])
            return a <= plan->limit[i] / 2 ? 2 * i : 2 * i + 1;
    }
    return HAM_TABLES;
}
