/* Apply the row windows to a strip, then the column windows to each finished row of sums. */
#include "kernel.h"

#include <string.h>

static void add_rows(const pdq_variant *variant, const pdq_strip *strip, size_t column, size_t width, int64_t begin,
                     int64_t end, const double *weight, float *sums)
{
    size_t size = strip->is_float ? sizeof(float) : 1;
    while (begin < end) {
        size_t count = (size_t)(end - begin) < PDQ_FAN ? (size_t)(end - begin) : PDQ_FAN;
        const char *rows = strip->data + (begin - strip->first_row) * strip->stride + column * size;
        float near[PDQ_FAN];
        for (size_t i = 0; i < count; i++)
            near[i] = (float)weight[i];
        (strip->is_float ? variant->add_floats : variant->add_bytes)(sums, rows, strip->stride, near, count, width);
        begin += (int64_t)count;
        weight += count;
    }
}

static void add_columns(const pdq_variant *variant, const pdq_axis *columns, size_t column, size_t width,
                        const float *sums, double scale, double *grid_row)
{
    for (size_t o = 0; o < PDQ_GRID; o++) {
        size_t first = (size_t)columns->first[o], begin = first, end = first + (size_t)columns->length[o];
        if (begin < column)
            begin = column;
        if (end > column + width)
            end = column + width;
        if (begin >= end)
            continue;
        const double *weight = columns->weight[o] + (begin - first);
        size_t padded = (end - begin + PDQ_PAD - 1) / PDQ_PAD * PDQ_PAD;
        grid_row[o] += scale * variant->dot(sums + (begin - column), weight, padded);
    }
}

void pdq_add(const pdq_variant *variant, const pdq_strip *strip, const pdq_axis *rows, const pdq_axis *columns,
             float *partial, double *grid)
{
    float sums[PDQ_TILE + PDQ_PAD];
    int64_t strip_end = strip->first_row + (int64_t)strip->count;

    for (size_t column = 0; column < strip->width; column += PDQ_TILE) {
        size_t width = strip->width - column < PDQ_TILE ? strip->width - column : PDQ_TILE;
        for (size_t o = 0; o < PDQ_GRID; o++) {
            int64_t first = rows->first[o], last = first + rows->length[o];
            int64_t begin = first < strip->first_row ? strip->first_row : first;
            int64_t end = last > strip_end ? strip_end : last;
            if (begin >= end)
                continue;
            if (begin > first)
                memcpy(sums, partial + column, width * sizeof(float));
            else
                memset(sums, 0, width * sizeof(float));
            memset(sums + width, 0, PDQ_PAD * sizeof(float));
            add_rows(variant, strip, column, width, begin, end, rows->weight[o] + (begin - first), sums);
            if (end < last)
                memcpy(partial + column, sums, width * sizeof(float));
            else
                add_columns(variant, columns, column, width, sums, rows->scale * columns->scale, grid + o * PDQ_GRID);
        }
    }
}
