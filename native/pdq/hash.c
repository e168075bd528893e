/* From the 64x64 grid to bits: a 16x16 DCT, one median per pattern of signs, and the quality measure. */
#include "kernel.h"

#include <string.h>

#define CELLS (PDQ_BLOCK * PDQ_BLOCK)
#define HALF (PDQ_GRID / 2)

/* Coefficients this small are rounding noise of the grid: they count as zero, so that flat and symmetric pictures
 * hash alike on every processor. The same figure is in the NumPy twin. */
static const double NOISE = 1.0 / 8192.0;

static double magnitude(double value)
{
    return value < 0 ? -value : value;
}

/* `basis` holds, for each position of the first half, its 16 values in the DCT rows 1..16: the second half mirrors the
 * first, with the sign of the parity of the row, so folding the grid halves the work. */
static void dct(const double *grid, const double *basis, double block[CELLS])
{
    double half[PDQ_BLOCK][PDQ_GRID] = {{0}};
    for (int k = 0; k < HALF; k++) {
        const double *head = grid + k * PDQ_GRID, *tail = grid + (PDQ_GRID - 1 - k) * PDQ_GRID;
        double folded[2][PDQ_GRID];
        for (int x = 0; x < PDQ_GRID; x++) {
            folded[0][x] = head[x] - tail[x];
            folded[1][x] = head[x] + tail[x];
        }
        for (int i = 0; i < PDQ_BLOCK; i++)
            for (int x = 0; x < PDQ_GRID; x++)
                half[i][x] += basis[k * PDQ_BLOCK + i] * folded[i & 1][x];
    }
    for (int i = 0; i < PDQ_BLOCK; i++) {
        double sums[PDQ_BLOCK] = {0};
        for (int k = 0; k < HALF; k++) {
            double head = half[i][k], tail = half[i][PDQ_GRID - 1 - k];
            double odd = head - tail, even = head + tail;
            const double *values = basis + k * PDQ_BLOCK;
            for (int j = 0; j < PDQ_BLOCK; j += 2) {
                sums[j] += values[j] * odd;
                sums[j + 1] += values[j + 1] * even;
            }
        }
        for (int j = 0; j < PDQ_BLOCK; j++)
            block[i * PDQ_BLOCK + j] = magnitude(sums[j]) < NOISE ? 0 : sums[j];
    }
}

/* The 128th smallest of 256 finite values, which are reordered (Hoare's selection). */
static double lower_median(double *value)
{
    int low = 0, high = CELLS - 1;
    const int target = CELLS / 2 - 1;
    while (low < high) {
        double pivot = value[(low + high) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (value[i] < pivot)
                i++;
            while (value[j] > pivot)
                j--;
            if (i <= j) {
                double swapped = value[i];
                value[i++] = value[j];
                value[j--] = swapped;
            }
        }
        if (target <= j)
            high = j;
        else if (target >= i)
            low = i;
        else
            break;
    }
    return value[target];
}

/* One step of the gradient, in hundredths of the range, cut to an integer as the reference does. */
static int step(double from, double to)
{
    float change = ((float)from - (float)to) * 100 / 255;
    int cut = (int)change;
    return cut < 0 ? -cut : cut;
}

static int quality_of(const double *grid)
{
    int64_t sum = 0;
    for (int i = 0; i < PDQ_GRID * (PDQ_GRID - 1); i++)
        sum += step(grid[i], grid[i + PDQ_GRID]);
    for (int y = 0; y < PDQ_GRID; y++)
        for (int x = 0; x < PDQ_GRID - 1; x++)
            sum += step(grid[y * PDQ_GRID + x], grid[y * PDQ_GRID + x + 1]);
    return sum >= 9000 ? 100 : (int)(sum / 90);
}

/* How each orientation reads the DCT block: transposed or not, then negating its odd frequencies (even indices)
 * along rows, along columns. Order: original, rotate90, rotate180, rotate270, flipx, flipy, flipplus1, flipminus1. */
static const struct {
    int transposed, rows, columns;
} READINGS[PDQ_ORIENTATIONS] = {{0, 0, 0}, {1, 1, 0}, {0, 1, 1}, {1, 0, 1}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {1, 1, 1}};

int pdq_hash(const double *grid, const double *basis, size_t orientations, uint8_t *hashes, int *quality)
{
    double block[CELLS], read[CELLS], sorted[CELLS], median[4];
    int known[4] = {0};

    for (int i = 0; i < PDQ_GRID * PDQ_GRID; i++)
        if (!(magnitude(grid[i]) < 1e9))
            return 0;
    *quality = quality_of(grid);
    dct(grid, basis, block);
    memset(hashes, 0, orientations * PDQ_BYTES);
    for (size_t o = 0; o < orientations; o++, hashes += PDQ_BYTES) {
        int transposed = READINGS[o].transposed, rows = READINGS[o].rows, columns = READINGS[o].columns;
        for (int i = 0; i < PDQ_BLOCK; i++)
            for (int j = 0; j < PDQ_BLOCK; j++) {
                double value = transposed ? block[j * PDQ_BLOCK + i] : block[i * PDQ_BLOCK + j];
                read[i * PDQ_BLOCK + j] = ((rows && !(i & 1)) != (columns && !(j & 1))) ? -value : value;
            }
        /* Transposing moves values and keeps their median, so four medians serve eight orientations. */
        int pattern = transposed ? 2 * columns + rows : 2 * rows + columns;
        if (!known[pattern]) {
            memcpy(sorted, read, sizeof sorted);
            median[pattern] = lower_median(sorted);
            known[pattern] = 1;
        }
        for (int k = 0; k < CELLS; k++)
            hashes[PDQ_BYTES - 1 - k / 8] |= (uint8_t)((read[k] > median[pattern]) << (k % 8));
    }
    return 1;
}
