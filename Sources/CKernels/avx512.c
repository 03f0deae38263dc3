// AVX-512 with VNNI: vpdpbusd adds four products of an unsigned and a signed byte to each 32-bit lane. A row becomes
// unsigned by adding 128 (flipping its top bit); sums start at -128 times the query's lanes, which takes it off again.
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vnni")))
#define INLINE static inline __attribute__((always_inline)) TARGET

TARGET static float dot_f32(const float *a, const float *b, size_t count) {
    __m512 s0 = _mm512_setzero_ps(), s1 = s0;
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
        s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), s1);
    }
    float sum = _mm512_reduce_add_ps(_mm512_add_ps(s0, s1));
    for (; i < count; i++) sum += a[i] * b[i];
    return sum;
}

INLINE __m512i add_products(__m512i sum, __m512i query, const int8_t *row) {
    const __m512i unsigned_row = _mm512_xor_si512(_mm512_loadu_si512(row), _mm512_set1_epi8((char)0x80));
    return _mm512_dpbusd_epi32(sum, unsigned_row, query);
}

/// -128 times the query, summed into the lanes that its products go to.
INLINE __m512i offset(const int8_t *query, size_t count) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < count; i += 64) {
        sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8((char)0x80), _mm512_loadu_si512(query + i));
    }
    return _mm512_sub_epi32(_mm512_setzero_si512(), sum);
}

INLINE __m256i fold(__m512i v) {
    return _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}

INLINE void dot_rows(
    const int8_t *query, __m512i start, const int8_t *r0, const int8_t *r1, const int8_t *r2, const int8_t *r3,
    size_t count, int32_t *products) {
    __m512i s0 = start, s1 = start, s2 = start, s3 = start;
    for (size_t i = 0; i < count; i += 64) {
        const __m512i q = _mm512_loadu_si512(query + i);
        s0 = add_products(s0, q, r0 + i);
        s1 = add_products(s1, q, r1 + i);
        s2 = add_products(s2, q, r2 + i);
        s3 = add_products(s3, q, r3 + i);
    }
    const __m256i halves =
        _mm256_hadd_epi32(_mm256_hadd_epi32(fold(s0), fold(s1)), _mm256_hadd_epi32(fold(s2), fold(s3)));
    const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    _mm_storeu_si128((__m128i *)products, sums);
}

INLINE int32_t dot_row(const int8_t *query, __m512i start, const int8_t *row, size_t count) {
    __m512i sum = start;
    for (size_t i = 0; i < count; i += 64) sum = add_products(sum, _mm512_loadu_si512(query + i), row + i);
    return _mm512_reduce_add_epi32(sum);
}

TARGET static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t count) {
    return dot_row(a, offset(a, count), b, count);
}

INLINE void dot_slots(
    const int8_t *query, const int8_t *rows, size_t count, const uint32_t *slots, size_t slot_count, int32_t *products) {
    const __m512i start = offset(query, count);
    size_t i = 0;
    for (; i + 4 <= slot_count; i += 4) {
        dot_rows(
            query, start, rows + slots[i] * count, rows + slots[i + 1] * count, rows + slots[i + 2] * count,
            rows + slots[i + 3] * count, count, products + i);
    }
    for (; i < slot_count; i++) products[i] = dot_row(query, start, rows + slots[i] * count, count);
}

TARGET static void dots_i8(
    const int8_t *query, const int8_t *rows, size_t count, const uint32_t *slots, size_t slot_count, int32_t *products) {
    // The usual length once more with a constant, so that its loops are unrolled and the query stays in registers.
    if (count == 128) {
        dot_slots(query, rows, 128, slots, slot_count, products);
    } else {
        dot_slots(query, rows, count, slots, slot_count, products);
    }
}

TARGET static void quantise(const float *values, size_t count, float scale, int8_t *codes) {
    const __m512 factor = _mm512_set1_ps(scale), top = _mm512_set1_ps(127), bottom = _mm512_set1_ps(-127);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m512 value = _mm512_mul_ps(_mm512_loadu_ps(values + i), factor);
        value = _mm512_max_ps(_mm512_min_ps(value, top), bottom);
        _mm_storeu_si128((__m128i *)(codes + i), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(value)));
    }
    if (i < count) kernel_scalar.quantise(values + i, count - i, scale, codes + i);
}

const kernel_set kernel_avx512 = {"avx512-vnni", dot_f32, dot_i8, dots_i8, quantise};
#endif
