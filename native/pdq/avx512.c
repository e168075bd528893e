/* The inner loops for processors with AVX-512 (foundation only). */
#include "kernel.h"

#ifdef PDQ_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx2,fma")))
#define INLINE static inline __attribute__((always_inline, target("avx512f,avx2,fma")))

INLINE __m512 load(const char *rows, size_t i, int is_float)
{
    if (is_float)
        return _mm512_loadu_ps((const float *)rows + i);
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(rows + i))));
}

INLINE void add(float *sums, const char *rows, ptrdiff_t stride, const float *weight, size_t count, size_t width,
                int is_float)
{
    size_t i = 0;
    for (; i + 64 <= width; i += 64) {
        __m512 a = _mm512_loadu_ps(sums + i), b = _mm512_loadu_ps(sums + i + 16);
        __m512 c = _mm512_loadu_ps(sums + i + 32), d = _mm512_loadu_ps(sums + i + 48);
        const char *row = rows;
        for (size_t r = 0; r < count; r++, row += stride) {
            __m512 w = _mm512_set1_ps(weight[r]);
            a = _mm512_fmadd_ps(w, load(row, i, is_float), a);
            b = _mm512_fmadd_ps(w, load(row, i + 16, is_float), b);
            c = _mm512_fmadd_ps(w, load(row, i + 32, is_float), c);
            d = _mm512_fmadd_ps(w, load(row, i + 48, is_float), d);
        }
        _mm512_storeu_ps(sums + i, a);
        _mm512_storeu_ps(sums + i + 16, b);
        _mm512_storeu_ps(sums + i + 32, c);
        _mm512_storeu_ps(sums + i + 48, d);
    }
    for (; i + 16 <= width; i += 16) {
        __m512 a = _mm512_loadu_ps(sums + i);
        const char *row = rows;
        for (size_t r = 0; r < count; r++, row += stride)
            a = _mm512_fmadd_ps(_mm512_set1_ps(weight[r]), load(row, i, is_float), a);
        _mm512_storeu_ps(sums + i, a);
    }
    for (; i < width; i++) {
        const char *row = rows;
        for (size_t r = 0; r < count; r++, row += stride)
            sums[i] += weight[r] * (is_float ? ((const float *)row)[i] : (float)((const uint8_t *)row)[i]);
    }
}

TARGET static void add_bytes(float *sums, const char *rows, ptrdiff_t stride, const float *weight, size_t count,
                             size_t width)
{
    add(sums, rows, stride, weight, count, width, 0);
}

TARGET static void add_floats(float *sums, const char *rows, ptrdiff_t stride, const float *weight, size_t count,
                              size_t width)
{
    add(sums, rows, stride, weight, count, width, 1);
}

TARGET static double dot(const float *value, const double *weight, size_t count)
{
    __m512d a = _mm512_setzero_pd();
    for (size_t i = 0; i < count; i += 8)
        a = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(value + i)), _mm512_loadu_pd(weight + i), a);
    return _mm512_reduce_add_pd(a);
}

const pdq_variant pdq_avx512 = {"avx512", add_bytes, add_floats, dot};

#else
typedef int pdq_avx512_needs_x86; /* ISO C forbids an empty translation unit */
#endif
