// Arithmetic of the vector index, where Swift without machine flags leaves most of the processor unused.
//
// The same functions exist for several instruction sets; the best one that this processor has is chosen at run time.
// Integer results are equal, bit for bit, whichever is chosen, so a graph built from them is the same on every machine.
// Floating-point results differ in their last bits.
#ifndef NOTESTREAM_CKERNELS_H
#define NOTESTREAM_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Codes come in rows of a multiple of this many bytes, padded with zeros.
#define KERNEL_CODE_BLOCK 64

/// One implementation of every kernel. Constant: Swift may share it between threads.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    /// "scalar", "avx2" or "avx512-vnni".
    const char *name;
    /// Inner product of two vectors of `count` floats, any count.
    float (*dot_f32)(const float *a, const float *b, size_t count);
    /// Inner product of two rows of codes in -127...127; `count` is a multiple of KERNEL_CODE_BLOCK, at most 65,536.
    int32_t (*dot_i8)(const int8_t *a, const int8_t *b, size_t count);
    /// Inner products of one row with many: products[i] = query · rows[slots[i]], rows `count` bytes apart, four at a time.
    void (*dots_i8)(
        const int8_t *query, const int8_t *rows, size_t count, const uint32_t *slots, size_t slot_count,
        int32_t *products);
    /// codes[i] = values[i] * scale, clamped to -127...127 and rounded to the nearest, ties to even.
    void (*quantise)(const float *values, size_t count, float scale, int8_t *codes);
} kernel_set;

/// The best implementation this processor can run.
const kernel_set *kernel_best(void);

/// Every implementation this processor can run, the scalar one first; nothing beyond the last.
const kernel_set *_Nullable kernel_at(size_t index);

/// Rotates `values` in place: the signs given by the bits of `signs` (count / 64 words), then an orthonormal
/// Walsh–Hadamard transform. It spreads outlier dimensions evenly, keeps inner products, and needs `count` to be a power of
/// two. Two calls over overlapping ranges serve other lengths.
void kernel_rotate(float *values, size_t count, const uint64_t *signs);

/// Asks for the cache lines of `bytes` bytes from `address` on. A hint: any address will do.
static inline void kernel_prefetch(const void *address, size_t bytes) {
    for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch((const char *)address + line, 0, 3);
}

#pragma clang assume_nonnull end

#endif
