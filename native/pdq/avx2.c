/* The inner loops for processors with AVX2 and FMA. */
#include "kernel.h"

#ifdef PDQ_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline, target("avx2,fma")))

INLINE __m256 load(const char *rows, size_t i, int is_float)
{
    if (is_float)
        return _mm256_loadu_ps((const float *)rows + i);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(rows + i))));
}

INLINE void add(float *sums, const char *rows, ptrdiff_t stride, const float *weight, size_t count, size_t width,
                int is_float)
{
    size_t i = 0;
    for (; i + 32 <= width; i += 32) {
        __m256 a = _mm256_loadu_ps(sums + i), b = _mm256_loadu_ps(sums + i + 8);
        __m256 c = _mm256_loadu_ps(sums + i + 16), d = _mm256_loadu_ps(sums + i + 24);
        const char *row = rows;
        for (size_t r = 0; r < count; r++, row += stride) {
            __m256 w = _mm256_broadcast_ss(weight + r);
            a = _mm256_fmadd_ps(w, load(row, i, is_float), a);
            b = _mm256_fmadd_ps(w, load(row, i + 8, is_float), b);
            c = _mm256_fmadd_ps(w, load(row, i + 16, is_float), c);
            d = _mm256_fmadd_ps(w, load(row, i + 24, is_float), d);
        }
        _mm256_storeu_ps(sums + i, a);
        _mm256_storeu_ps(sums + i + 8, b);
        _mm256_storeu_ps(sums + i + 16, c);
        _mm256_storeu_ps(sums + i + 24, d);
    }
    for (; i + 8 <= width; i += 8) {
        __m256 a = _mm256_loadu_ps(sums + i);
        const char *row = rows;
        for (size_t r = 0; r < count; r++, row += stride)
            a = _mm256_fmadd_ps(_mm256_broadcast_ss(weight + r), load(row, i, is_float), a);
        _mm256_storeu_ps(sums + i, a);
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
    __m256d a = _mm256_setzero_pd(), b = _mm256_setzero_pd();
    for (size_t i = 0; i < count; i += 8) {
        a = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(value + i)), _mm256_loadu_pd(weight + i), a);
        b = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(value + i + 4)), _mm256_loadu_pd(weight + i + 4), b);
    }
    a = _mm256_add_pd(a, b);
    __m128d half = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

const pdq_variant pdq_avx2 = {"avx2", add_bytes, add_floats, dot};

#else
typedef int pdq_avx2_needs_x86; /* ISO C forbids an empty translation unit */
#endif
