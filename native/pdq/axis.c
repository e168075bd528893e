/* The windows of PDQ: a box filter applied twice, then sampled, is one weighted window for each of the 64 outputs.
 *
 * Windows that no edge cuts share one triangle of integers; cut windows (few) have their own weights, renormalised as
 * the reference does. The NumPy twin makes the same tables in its own way. */
#include "kernel.h"

#include <stdlib.h>

static const double LUMA[3] = {0.299, 0.587, 0.114};

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Weights of the window around `centre`, with every box cut at the edges and averaged over what is left of it. */
static void cut_window(double *weight, int64_t size, int64_t centre, int64_t box, int64_t left, int64_t right)
{
    int64_t begin = greater(centre - left, 0), end = lesser(centre + right, size - 1) + 1;
    int64_t first = greater(begin - left, 0);
    for (int64_t inner = begin; inner < end; inner++) {
        int64_t from = greater(inner - left, 0), to = lesser(inner + right, size - 1) + 1;
        double share = (double)(box * box) / (double)((to - from) * (end - begin));
        weight[from - first] += share;
        weight[to - first] -= share;
    }
    double sum = 0;
    for (int64_t i = 0; i < 2 * box; i++) {
        sum += weight[i];
        weight[i] = sum;
    }
}

/* Spread the weights of pixels over their samples, from the last to the first since both lie in one place. */
static void weigh_channels(double *weight, int64_t pixels)
{
    for (int64_t i = pixels - 1; i >= 0; i--) {
        double whole = weight[i];
        for (int c = 2; c >= 0; c--)
            weight[3 * i + c] = whole * LUMA[c];
    }
}

int pdq_axis_make(pdq_axis *axis, int64_t size, int channels)
{
    int64_t box = (size + 2 * PDQ_GRID - 1) / (2 * PDQ_GRID), full = 2 * box - 1;
    int64_t right = (box + 2) / 2 - 1, left = box - 1 - right;
    int64_t kinds = 1;

    for (int o = 0; o < PDQ_GRID; o++) {
        int64_t centre = (2 * o + 1) * size / (2 * PDQ_GRID);
        axis->first[o] = greater(centre - 2 * left, 0);
        axis->length[o] = lesser(centre + 2 * right, size - 1) + 1 - axis->first[o];
        kinds += axis->length[o] < full;
    }
    size_t pitch = (size_t)(full * channels) + PDQ_PAD;
    double *next = calloc((size_t)kinds * pitch, sizeof(double));
    if (!next)
        return 0;
    axis->memory = next;
    axis->scale = 1 / ((double)box * (double)box);
    for (int64_t i = 0; i < full; i++)
        next[i] = (double)lesser(i + 1, full - i);
    for (int o = 0; o < PDQ_GRID; o++) {
        axis->weight[o] = axis->memory;
        if (axis->length[o] < full) {
            next += pitch;
            cut_window(next, size, (2 * o + 1) * size / (2 * PDQ_GRID), box, left, right);
            /* The running sum comes back to zero but for rounding. */
            for (int64_t i = axis->length[o]; i < 2 * box; i++)
                next[i] = 0;
            axis->weight[o] = next;
        }
    }
    if (channels == 3) {
        for (int64_t kind = 0; kind < kinds; kind++)
            weigh_channels(axis->memory + (size_t)kind * pitch, full);
        for (int o = 0; o < PDQ_GRID; o++) {
            axis->first[o] *= 3;
            axis->length[o] *= 3;
        }
    }
    return 1;
}
