/* The Python face of the kernel: checks every size, then works without the GIL. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#define PARTS 7 /* buffers of a segment: codes, off, rows, partner, heads, copy_starts, copies */

typedef struct {
    PyObject_HEAD
    Py_buffer parts[PARTS]; /* those with obj == NULL are absent */
    const ham_variant *variant;
    ham_segment segment;
} tables_object;

static const ham_variant *find_variant(const char *name)
{
    const ham_variant *table[HAM_VARIANTS];
    size_t count = ham_variants(table);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    PyErr_SetString(PyExc_ValueError, "this processor does not run that variant");
    return NULL;
}

static PyObject *invalid(const char *message)
{
    PyErr_SetString(PyExc_ValueError, message);
    return NULL;
}

/* Set the exception for a status other than HAM_OK. */
static PyObject *failed(ham_status status)
{
    if (status == HAM_NO_MEMORY)
        return PyErr_NoMemory();
    PyErr_SetString(PyExc_LookupError, "the tables are damaged");
    return NULL;
}

static void release(Py_buffer *buffers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (buffers[i].obj)
            PyBuffer_Release(&buffers[i]);
}

/* Whether a buffer holds `count` numbers of `size` bytes, where they can be read. */
static int holds(const Py_buffer *buffer, size_t count, size_t size)
{
    return buffer->obj && count <= (size_t)PY_SSIZE_T_MAX / size && (size_t)buffer->len == count * size &&
           (uintptr_t)buffer->buf % size == 0;
}

/* Make (queries, rows, distances) of hits: int64, uint64 and int32 in bytearrays; None if there are none. */
static PyObject *pack(const ham_list *hits, const size_t *counts, size_t queries, int distances)
{
    static const Py_ssize_t SIZES[3] = {sizeof(int64_t), sizeof(uint64_t), sizeof(int32_t)};
    Py_ssize_t columns = distances ? 3 : 2;
    char *at[3] = {NULL, NULL, NULL};
    if (hits->count == 0)
        return Py_NewRef(Py_None);
    PyObject *result = PyTuple_New(columns);
    for (Py_ssize_t i = 0; result && i < columns; i++) {
        PyObject *column = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)hits->count * SIZES[i]);
        if (!column || PyTuple_SetItem(result, i, column) < 0)
            Py_CLEAR(result);
        else
            at[i] = PyByteArray_AsString(column);
    }
    if (!result)
        return NULL;
    const uint64_t *hit = hits->at;
    int64_t *query = (int64_t *)(void *)at[0];
    uint64_t *row = (uint64_t *)(void *)at[1];
    int32_t *distance = (int32_t *)(void *)at[2];
    for (size_t i = 0; i < queries; i++)
        for (size_t k = 0; k < counts[i]; k++, hit++) {
            *query++ = (int64_t)i;
            *row++ = *hit >> 32;
            if (distance)
                *distance++ = (int32_t)(*hit & UINT32_MAX);
        }
    return result;
}

/* Take the buffers of a segment and check that their sizes agree. */
static int read_segment(tables_object *self, PyObject *const *parts)
{
    Py_buffer *b = self->parts;
    ham_segment *s = &self->segment;
    for (int i = 0; i < PARTS; i++)
        if (parts[i] != Py_None && PyObject_GetBuffer(parts[i], &b[i], PyBUF_SIMPLE) < 0) {
            b[i].obj = NULL;
            return 0;
        }
    s->count = b[0].obj ? (size_t)b[0].len / HAM_BYTES : 0;
    s->distinct = b[3].obj ? (size_t)b[3].len / (HAM_TABLES * sizeof(uint16_t)) : 0;
    s->head_count = b[4].obj ? (size_t)b[4].len / sizeof(uint32_t) : 0;
    s->copy_count = b[6].obj ? (size_t)b[6].len / sizeof(uint32_t) : 0;
    int tables = b[1].obj || b[2].obj || b[3].obj, copies = b[4].obj || b[5].obj || b[6].obj;
    if (!holds(&b[0], s->count * HAM_BYTES, 1) || s->count >= HAM_MAX_ROWS || s->distinct > s->count ||
        (tables && (!holds(&b[1], HAM_TABLES * HAM_STARTS, sizeof(uint32_t)) ||
                    !holds(&b[2], HAM_TABLES * s->distinct, sizeof(uint32_t)) ||
                    !holds(&b[3], HAM_TABLES * s->distinct, sizeof(uint16_t)))) ||
        (copies && (!tables || !holds(&b[4], s->head_count, sizeof(uint32_t)) ||
                    !holds(&b[5], s->head_count + 1, sizeof(uint32_t)) ||
                    !holds(&b[6], s->copy_count, sizeof(uint32_t))))) {
        invalid("the sizes of a segment do not agree");
        return 0;
    }
    s->codes = b[0].buf;
    s->off = tables ? b[1].buf : NULL;
    s->rows = tables ? b[2].buf : NULL;
    s->partner = tables ? b[3].buf : NULL;
    s->heads = copies ? b[4].buf : NULL;
    s->copy_starts = copies ? b[5].buf : NULL;
    s->copies = copies ? b[6].buf : NULL;
    return 1;
}

static void tables_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    release(((tables_object *)object)->parts, PARTS);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyObject *tables_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    const char *name;
    PyObject *parts[PARTS];
    if (keywords && PyDict_Size(keywords))
        return invalid("no keywords");
    if (!PyArg_ParseTuple(args, "sOOOOOOO", &name, &parts[0], &parts[1], &parts[2], &parts[3], &parts[4], &parts[5],
                          &parts[6]))
        return NULL;
    const ham_variant *variant = find_variant(name);
    if (!variant)
        return NULL;
    PyObject *object = ((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (object && !read_segment((tables_object *)object, parts))
        Py_CLEAR(object);
    if (object)
        ((tables_object *)object)->variant = variant;
    return object;
}

static PyObject *tables_search(PyObject *object, PyObject *const *args, Py_ssize_t given)
{
    tables_object *self = (tables_object *)object;
    PyObject *result = NULL;
    Py_buffer queries;
    ham_list hits = {NULL, 0, 0};
    ham_status status;
    size_t one = 0, *counts = &one;

    if (given != 3)
        return invalid("search takes queries, radius and first row");
    long radius = PyLong_AsLong(args[1]);
    unsigned long long first_row = PyLong_AsUnsignedLongLong(args[2]);
    if (PyErr_Occurred() || PyObject_GetBuffer(args[0], &queries, PyBUF_SIMPLE) < 0)
        return NULL;
    size_t count = (size_t)queries.len / HAM_BYTES;
    if (queries.len % HAM_BYTES || radius < 0 || radius > HAM_MAX_RADIUS) {
        invalid("a query has 32 bytes, a radius is 0 to 63");
    } else if (count > 1 && !(counts = calloc(count, sizeof *counts))) {
        PyErr_NoMemory();
    } else {
        Py_BEGIN_ALLOW_THREADS
        status = ham_search(self->variant, &self->segment, queries.buf, count, (unsigned)radius, first_row, &hits,
                            counts);
        Py_END_ALLOW_THREADS
        result = status == HAM_OK ? pack(&hits, counts, count, 1) : failed(status);
    }
    if (counts != &one)
        free(counts);
    free(hits.at);
    PyBuffer_Release(&queries);
    return result;
}

static PyObject *kernel_duplicates(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer codes;
    unsigned long long seed;
    ham_list pairs = {NULL, 0, 0};
    ham_status status;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*K", &codes, &seed))
        return NULL;
    size_t count = (size_t)codes.len / HAM_BYTES;
    if (codes.len % HAM_BYTES || count >= HAM_MAX_ROWS) {
        invalid("codes have 32 bytes, and a segment less than 2^32 of them");
    } else {
        Py_BEGIN_ALLOW_THREADS
        status = ham_duplicates(codes.buf, count, seed, &pairs);
        Py_END_ALLOW_THREADS
        result = status == HAM_OK ? PyByteArray_FromStringAndSize((const char *)pairs.at,
                                                                  (Py_ssize_t)(pairs.count * sizeof *pairs.at))
                                  : failed(status);
    }
    free(pairs.at);
    PyBuffer_Release(&codes);
    return result;
}

static PyObject *kernel_hamming_tables(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer b[5];
    PyObject *skip, *result = NULL;
    memset(b, 0, sizeof b);
    if (!PyArg_ParseTuple(args, "y*Ow*w*w*", &b[0], &skip, &b[1], &b[2], &b[3]))
        return NULL;
    size_t count = (size_t)b[0].len / HAM_BYTES, distinct = (size_t)b[3].len / (HAM_TABLES * sizeof(uint16_t));
    if (skip != Py_None && PyObject_GetBuffer(skip, &b[4], PyBUF_SIMPLE) < 0) {
        b[4].obj = NULL;
    } else if (b[0].len % HAM_BYTES || count >= HAM_MAX_ROWS || distinct > count ||
               !holds(&b[1], HAM_TABLES * HAM_STARTS, sizeof(uint32_t)) ||
               !holds(&b[2], HAM_TABLES * distinct, sizeof(uint32_t)) ||
               !holds(&b[3], HAM_TABLES * distinct, sizeof(uint16_t)) ||
               (b[4].obj && (size_t)b[4].len != (count + 7) / 8)) {
        invalid("the sizes of the tables do not agree");
    } else {
        ham_status status;
        Py_BEGIN_ALLOW_THREADS
        status = ham_tables(b[0].buf, count, b[4].obj ? b[4].buf : NULL, distinct, b[1].buf, b[2].buf, b[3].buf);
        Py_END_ALLOW_THREADS
        result = status == HAM_OK ? Py_NewRef(Py_None) : failed(status);
    }
    release(b, 5);
    return result;
}

static PyObject *kernel_digest_tables(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer b[4];
    Py_ssize_t width;
    PyObject *result = NULL;
    memset(b, 0, sizeof b);
    if (!PyArg_ParseTuple(args, "y*nw*w*w*", &b[0], &width, &b[1], &b[2], &b[3]))
        return NULL;
    size_t count = width >= 4 ? (size_t)b[0].len / (size_t)width : 0;
    if (width < 4 || b[0].len % width || count >= HAM_MAX_ROWS || !holds(&b[1], HAM_STARTS, sizeof(uint32_t)) ||
        !holds(&b[2], count, sizeof(uint32_t)) || !holds(&b[3], count, sizeof(uint32_t))) {
        invalid("the sizes of the tables do not agree");
    } else {
        ham_status status;
        Py_BEGIN_ALLOW_THREADS
        status = dig_tables(b[0].buf, (size_t)width, count, b[1].buf, b[2].buf, b[3].buf);
        Py_END_ALLOW_THREADS
        result = status == HAM_OK ? Py_NewRef(Py_None) : failed(status);
    }
    release(b, 4);
    return result;
}

static PyObject *kernel_digest_search(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer b[5];
    Py_ssize_t width;
    unsigned long long first_row;
    PyObject *result = NULL;
    memset(b, 0, sizeof b);
    if (!PyArg_ParseTuple(args, "y*ny*y*y*y*K", &b[0], &width, &b[1], &b[2], &b[3], &b[4], &first_row))
        return NULL;
    size_t count = width >= 4 ? (size_t)b[0].len / (size_t)width : 0;
    size_t queries = width >= 4 ? (size_t)b[4].len / (size_t)width : 0, *counts = NULL;
    if (width < 4 || b[0].len % width || b[4].len % width || count >= HAM_MAX_ROWS ||
        !holds(&b[1], HAM_STARTS, sizeof(uint32_t)) || !holds(&b[2], count, sizeof(uint32_t)) ||
        !holds(&b[3], count, sizeof(uint32_t))) {
        invalid("the sizes of the tables do not agree");
    } else if (!(counts = calloc(queries ? queries : 1, sizeof *counts))) {
        PyErr_NoMemory();
    } else {
        dig_segment segment = {b[0].buf, (size_t)width, count, b[1].buf, b[2].buf, b[3].buf};
        ham_list hits = {NULL, 0, 0};
        ham_status status;
        Py_BEGIN_ALLOW_THREADS
        status = dig_search(&segment, b[4].buf, queries, first_row, &hits, counts);
        Py_END_ALLOW_THREADS
        result = status == HAM_OK ? pack(&hits, counts, queries, 0) : failed(status);
        free(hits.at);
    }
    free(counts);
    release(b, 5);
    return result;
}

static PyObject *kernel_variants(PyObject *module, PyObject *args)
{
    (void)module;
    (void)args;
    const ham_variant *table[HAM_VARIANTS];
    size_t count = ham_variants(table);
    PyObject *names = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; names && i < count; i++) {
        PyObject *name = PyUnicode_FromString(table[i]->name);
        if (!name || PyTuple_SetItem(names, (Py_ssize_t)i, name) < 0)
            Py_CLEAR(names);
    }
    return names;
}

#define FUNCTION(pointer) ((PyCFunction)(void (*)(void))(pointer))

static PyMethodDef TABLES_METHODS[] = {
    {"search", FUNCTION(tables_search), METH_FASTCALL, "Return (queries, rows, distances) within a radius, or None."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot TABLES_SLOTS[] = {
    {Py_tp_new, (void *)tables_new},
    {Py_tp_dealloc, (void *)tables_dealloc},
    {Py_tp_methods, TABLES_METHODS},
    {Py_tp_doc, (void *)"A segment of codes with its tables, which it keeps alive."},
    {0, NULL},
};

static PyType_Spec TABLES_SPEC = {
    .name = "seawall.matching.index._kernel.HammingTables",
    .basicsize = sizeof(tables_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = TABLES_SLOTS,
};

static PyMethodDef METHODS[] = {
    {"digest_search", kernel_digest_search, METH_VARARGS, "Return (queries, rows) of equal digests, or None."},
    {"digest_tables", kernel_digest_tables, METH_VARARGS, "Sort digests."},
    {"duplicates", kernel_duplicates, METH_VARARGS, "Return row << 32 | first row for each code seen before."},
    {"hamming_tables", kernel_hamming_tables, METH_VARARGS, "Sort codes by each chunk."},
    {"variants", kernel_variants, METH_NOARGS, "Return the variants that this processor runs, fastest first."},
    {NULL, NULL, 0, NULL},
};

static int module_exec(PyObject *module)
{
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "index files are little-endian, this processor is not");
        return -1;
    }
    PyObject *type = PyType_FromModuleAndSpec(module, &TABLES_SPEC, NULL);
    int result = type ? PyModule_AddObjectRef(module, "HammingTables", type) : -1;
    Py_XDECREF(type);
    return result;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, (void *)module_exec}, {0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "seawall.matching.index._kernel", "The Hamming index in C.", 0, METHODS, SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void);

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&MODULE);
}
