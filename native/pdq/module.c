/* The Python face of the kernel: checks every size and offset, then works without the GIL. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST (INT32_MAX / 8) /* longest side: window tables stay far from overflow, also where pointers are small */

static const pdq_variant *find_variant(const char *name)
{
    const pdq_variant *table[3];
    size_t count = pdq_variants(table);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    PyErr_SetString(PyExc_ValueError, "this processor does not run that variant");
    return NULL;
}

/* Check a strip: two dimensions of bytes or floats, samples side by side, rows any distance apart. */
static int read_strip(pdq_strip *strip, const Py_buffer *rows)
{
    int is_byte = rows->itemsize == 1 && rows->format && strcmp(rows->format, "B") == 0;
    int is_float = rows->itemsize == (Py_ssize_t)sizeof(float) && rows->format && strcmp(rows->format, "f") == 0;
    if (rows->ndim != 2 || !(is_byte || is_float) || (rows->shape[1] > 1 && rows->strides[1] != rows->itemsize)) {
        PyErr_SetString(PyExc_ValueError, "rows must be two-dimensional uint8 or float32, contiguous along a row");
        return 0;
    }
    if (rows->shape[1] > LARGEST) {
        PyErr_SetString(PyExc_ValueError, "a row is too long");
        return 0;
    }
    strip->data = (const char *)rows->buf;
    strip->stride = rows->strides[0];
    strip->count = (size_t)rows->shape[0];
    strip->width = (size_t)rows->shape[1];
    strip->is_float = is_float;
    return 1;
}

/* Whether a window begins or ends outside the strip that holds part of it. */
static int needs_partial(const pdq_strip *strip, const pdq_axis *rows)
{
    int64_t from = strip->first_row, to = from + (int64_t)strip->count;
    for (int o = 0; o < PDQ_GRID; o++) {
        int64_t first = rows->first[o], last = first + rows->length[o];
        if (first < to && last > from && (first < from || last > to))
            return 1;
    }
    return 0;
}

/* Add a strip whose sizes are sound. Returns None, or NULL with an error set. */
static PyObject *add_strip(const pdq_variant *variant, const pdq_strip *strip, int64_t height, int channels,
                           const Py_buffer *partial, double *grid)
{
    pdq_axis rows, columns;
    PyObject *result = NULL;

    if (!pdq_axis_make(&rows, height, 1))
        return PyErr_NoMemory();
    if (!pdq_axis_make(&columns, (int64_t)strip->width / channels, channels)) {
        free(rows.memory);
        return PyErr_NoMemory();
    }
    if (needs_partial(strip, &rows) && (size_t)partial->len / sizeof(float) < strip->width) {
        PyErr_SetString(PyExc_ValueError, "the sums of a row do not fit");
    } else {
        Py_BEGIN_ALLOW_THREADS
        pdq_add(variant, strip, &rows, &columns, (float *)partial->buf, grid);
        Py_END_ALLOW_THREADS
        result = Py_NewRef(Py_None);
    }
    free(rows.memory);
    free(columns.memory);
    return result;
}

static PyObject *kernel_add(PyObject *self, PyObject *args)
{
    (void)self;
    const char *name;
    PyObject *source, *result = NULL;
    Py_buffer partial, grid, samples;
    Py_ssize_t first_row, height;
    int channels;
    pdq_strip strip;

    if (!PyArg_ParseTuple(args, "sOnniw*w*", &name, &source, &first_row, &height, &channels, &partial, &grid))
        return NULL;
    const pdq_variant *variant = find_variant(name);
    if (!variant || PyObject_GetBuffer(source, &samples, PyBUF_STRIDES | PyBUF_FORMAT) < 0)
        goto release;
    if (read_strip(&strip, &samples)) {
        strip.first_row = first_row;
        if ((channels != 1 && channels != 3) || strip.width == 0 || strip.width % (size_t)channels != 0 ||
            height > LARGEST || first_row < 0 || first_row > height || samples.shape[0] > height - first_row ||
            grid.len != (Py_ssize_t)(PDQ_GRID * PDQ_GRID * sizeof(double)))
            PyErr_SetString(PyExc_ValueError, "rows, channels or grid do not fit the picture");
        else if (strip.count == 0)
            result = Py_NewRef(Py_None);
        else
            result = add_strip(variant, &strip, height, channels, &partial, (double *)grid.buf);
    }
    PyBuffer_Release(&samples);
release:
    PyBuffer_Release(&partial);
    PyBuffer_Release(&grid);
    return result;
}

static PyObject *kernel_hashes(PyObject *self, PyObject *args)
{
    (void)self;
    Py_buffer grid, basis;
    Py_ssize_t orientations;
    uint8_t hashes[PDQ_ORIENTATIONS * PDQ_BYTES];
    int quality = 0, finite = 0;

    if (!PyArg_ParseTuple(args, "y*y*n", &grid, &basis, &orientations))
        return NULL;
    int sized = grid.len == (Py_ssize_t)(PDQ_GRID * PDQ_GRID * sizeof(double)) &&
                basis.len == (Py_ssize_t)(PDQ_BLOCK * PDQ_GRID / 2 * sizeof(double)) && orientations >= 1 &&
                orientations <= PDQ_ORIENTATIONS;
    if (sized) {
        Py_BEGIN_ALLOW_THREADS
        finite = pdq_hash((const double *)grid.buf, (const double *)basis.buf, (size_t)orientations, hashes, &quality);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&grid);
    PyBuffer_Release(&basis);
    if (!sized || !finite) {
        PyErr_SetString(PyExc_ValueError, sized ? "the picture holds values that are not finite luma"
                                                : "a grid is 64 x 64 doubles, a basis 32 x 16, with 1 to 8 orientations");
        return NULL;
    }
    return Py_BuildValue("y#i", (const char *)hashes, (Py_ssize_t)(orientations * PDQ_BYTES), quality);
}

static PyObject *kernel_variants(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    const pdq_variant *table[3];
    size_t count = pdq_variants(table);
    PyObject *names = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; names && i < count; i++) {
        PyObject *name = PyUnicode_FromString(table[i]->name);
        if (!name || PyTuple_SetItem(names, (Py_ssize_t)i, name) < 0)
            Py_CLEAR(names);
    }
    return names;
}

static PyMethodDef METHODS[] = {
    {"add", kernel_add, METH_VARARGS, "Add a strip of rows to a 64 x 64 grid."},
    {"hashes", kernel_hashes, METH_VARARGS, "Return (hashes, quality) of a grid."},
    {"variants", kernel_variants, METH_NOARGS, "Return the variants that this processor runs, fastest first."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot SLOTS[] = {{0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "seawall.hashing.pdq._kernel", "PDQ in C.", 0, METHODS, SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void);

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&MODULE);
}
