/* PDQ as a fixed linear operator: grid(64x64) = R(64xH) x luma(HxW) x C(Wx64), then a 16x16 DCT.
 *
 * Nothing here calls Python, so the module runs it without the GIL. Row weights are integers but where an edge cuts a
 * window, so the sums of 8-bit rows are exact in float32 (boxes up to 256 wide): every variant gives the same grid,
 * whatever its order of summation, but for the last bits of the last row of outputs. */
#ifndef SEAWALL_PDQ_KERNEL_H
#define SEAWALL_PDQ_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define PDQ_GRID 64         /* side of the sampled picture */
#define PDQ_BLOCK 16        /* side of the DCT block; its 256 signs are the hash */
#define PDQ_BYTES 32        /* bytes in a hash */
#define PDQ_ORIENTATIONS 8  /* the dihedral group of the square */
#define PDQ_TILE 4096       /* samples of a row handled at a time: 16 KiB of sums stay in the first-level cache */
#define PDQ_PAD 8           /* samples that a dot product may read past the end of a window */
#define PDQ_FAN 16          /* rows read side by side: no more than the hardware can prefetch */

#if defined(_MSC_VER)
#define PDQ_RESTRICT __restrict
#else
#define PDQ_RESTRICT restrict
#endif

/* Windows of the 64 outputs along one axis: output o takes `length[o]` samples from `first[o]` on, with the weights
 * `weight[o]` (followed by PDQ_PAD zeros) times the common `scale`. */
typedef struct {
    int64_t first[PDQ_GRID];
    int64_t length[PDQ_GRID];
    const double *weight[PDQ_GRID];
    double scale;
    double *memory;
} pdq_axis;

/* Some rows of the picture: `count` rows of `width` samples (pixels x channels), `stride` bytes apart. */
typedef struct {
    const char *data;
    ptrdiff_t stride;
    size_t count;
    size_t width;
    int64_t first_row;
    int is_float;
} pdq_strip;

/* One implementation of the two inner loops. */
typedef struct {
    const char *name;
    /* sums[i] += weight[0] * row 0 [i] + ... + weight[count - 1] * row count-1 [i], for i < width. */
    void (*add_bytes)(float *sums, const char *rows, ptrdiff_t stride, const float *weight, size_t count, size_t width);
    void (*add_floats)(float *sums, const char *rows, ptrdiff_t stride, const float *weight, size_t count, size_t width);
    /* Sum of value[i] * weight[i] for i < count, a multiple of 8. */
    double (*dot)(const float *value, const double *weight, size_t count);
} pdq_variant;

extern const pdq_variant pdq_portable;
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define PDQ_X86 1
extern const pdq_variant pdq_avx2;
extern const pdq_variant pdq_avx512;
#endif

/* Fill `table` (room for 3) with the variants that this processor runs, fastest first; return how many. */
size_t pdq_variants(const pdq_variant **table);

/* Make the windows of an axis of `size` >= 1 pixels, each of 1 sample (gray) or 3 (RGB, weighted to luma).
 * Return 0 if there is no memory; otherwise the caller frees `memory`. */
int pdq_axis_make(pdq_axis *axis, int64_t size, int channels);

/* Add a strip to the grid. `partial` holds `width` sums of the one window that may span two strips. */
void pdq_add(const pdq_variant *variant, const pdq_strip *strip, const pdq_axis *rows, const pdq_axis *columns,
             float *partial, double *grid);

/* Hash a grid in the first `orientations` orientations; `basis` is 32 x 16, the first halves of the DCT columns 1..16.
 * Return 0 if the grid holds a value that cannot be luma (not finite, or beyond 1e9). */
int pdq_hash(const double *grid, const double *basis, size_t orientations, uint8_t *hashes, int *quality);

#endif
