/* The inner loops in plain C, in a shape that compilers vectorise (SSE2, NEON), and the choice of variant. */
#include "kernel.h"

#define ADD_ROWS(NAME, SAMPLE)                                                                                        \
    static void NAME(float *PDQ_RESTRICT sums, const char *rows, ptrdiff_t stride, const float *weight, size_t count, \
                     size_t width)                                                                                    \
    {                                                                                                                 \
        for (; count >= 4; count -= 4, weight += 4, rows += 4 * stride) {                                             \
            const SAMPLE *PDQ_RESTRICT a = (const SAMPLE *)rows;                                                      \
            const SAMPLE *PDQ_RESTRICT b = (const SAMPLE *)(rows + stride);                                           \
            const SAMPLE *PDQ_RESTRICT c = (const SAMPLE *)(rows + 2 * stride);                                       \
            const SAMPLE *PDQ_RESTRICT d = (const SAMPLE *)(rows + 3 * stride);                                       \
            float p = weight[0], q = weight[1], r = weight[2], s = weight[3];                                         \
            for (size_t i = 0; i < width; i++)                                                                        \
                sums[i] = sums[i] + p * (float)a[i] + q * (float)b[i] + r * (float)c[i] + s * (float)d[i];            \
        }                                                                                                             \
        for (; count > 0; count--, weight++, rows += stride) {                                                        \
            const SAMPLE *PDQ_RESTRICT a = (const SAMPLE *)rows;                                                      \
            float p = weight[0];                                                                                      \
            for (size_t i = 0; i < width; i++)                                                                        \
                sums[i] += p * (float)a[i];                                                                           \
        }                                                                                                             \
    }

ADD_ROWS(add_bytes, uint8_t)
ADD_ROWS(add_floats, float)

static double dot(const float *value, const double *weight, size_t count)
{
    double a = 0, b = 0, c = 0, d = 0;
    for (size_t i = 0; i < count; i += 4) {
        a += value[i] * weight[i];
        b += value[i + 1] * weight[i + 1];
        c += value[i + 2] * weight[i + 2];
        d += value[i + 3] * weight[i + 3];
    }
    return (a + b) + (c + d);
}

const pdq_variant pdq_portable = {"portable", add_bytes, add_floats, dot};

size_t pdq_variants(const pdq_variant **table)
{
    size_t count = 0;
#ifdef PDQ_X86
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f"))
        table[count++] = &pdq_avx512;
    if (avx2)
        table[count++] = &pdq_avx2;
#endif
    table[count++] = &pdq_portable;
    return count;
}
