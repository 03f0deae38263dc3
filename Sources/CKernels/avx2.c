// AVX2 and FMA. Products of codes: |query| as unsigned bytes times the row's bytes with the query's sign, two products to a
// 16-bit sum (at most 2 * 127 * 127, so nothing saturates), then pairs of those to 32 bits.
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE float sum_f32(__m256 v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

TARGET static float dot_f32(const float *a, const float *b, size_t count) {
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), s0);
        s1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), s1);
        s2 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 16), _mm256_loadu_ps(b + i + 16), s2);
        s3 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 24), _mm256_loadu_ps(b + i + 24), s3);
    }
    float sum = sum_f32(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));
    for (; i < count; i++) sum += a[i] * b[i];
    return sum;
}

INLINE __m256i add_products(__m256i sum, __m256i query, __m256i magnitude, const int8_t *row) {
    const __m256i signed_row = _mm256_sign_epi8(_mm256_loadu_si256((const __m256i *)row), query);
    const __m256i pairs = _mm256_maddubs_epi16(magnitude, signed_row);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/// The four lanes of the result are the sums over all eight lanes of a, b, c and d.
INLINE __m128i sum_each(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i s = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
}

INLINE void dot_rows(
    const int8_t *query, const int8_t *r0, const int8_t *r1, const int8_t *r2, const int8_t *r3, size_t count,
    int32_t *products) {
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t i = 0; i < count; i += 32) {
        const __m256i q = _mm256_loadu_si256((const __m256i *)(query + i));
        const __m256i magnitude = _mm256_abs_epi8(q);
        s0 = add_products(s0, q, magnitude, r0 + i);
        s1 = add_products(s1, q, magnitude, r1 + i);
        s2 = add_products(s2, q, magnitude, r2 + i);
        s3 = add_products(s3, q, magnitude, r3 + i);
    }
    _mm_storeu_si128((__m128i *)products, sum_each(s0, s1, s2, s3));
}

INLINE int32_t dot_row(const int8_t *query, const int8_t *row, size_t count) {
    __m256i s = _mm256_setzero_si256();
    for (size_t i = 0; i < count; i += 32) {
        const __m256i q = _mm256_loadu_si256((const __m256i *)(query + i));
        s = add_products(s, q, _mm256_abs_epi8(q), row + i);
    }
    const __m256i zero = _mm256_setzero_si256();
    return _mm_cvtsi128_si32(sum_each(s, zero, zero, zero));
}

TARGET static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t count) {
    return count == 128 ? dot_row(a, b, 128) : dot_row(a, b, count);
}

INLINE void dot_slots(
    const int8_t *query, const int8_t *rows, size_t count, const uint32_t *slots, size_t slot_count, int32_t *products) {
    size_t i = 0;
    for (; i + 4 <= slot_count; i += 4) {
        dot_rows(
            query, rows + slots[i] * count, rows + slots[i + 1] * count, rows + slots[i + 2] * count,
            rows + slots[i + 3] * count, count, products + i);
    }
    for (; i < slot_count; i++) products[i] = dot_row(query, rows + slots[i] * count, count);
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
    const __m256 factor = _mm256_set1_ps(scale), top = _mm256_set1_ps(127), bottom = _mm256_set1_ps(-127);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m256 low = _mm256_mul_ps(_mm256_loadu_ps(values + i), factor);
        __m256 high = _mm256_mul_ps(_mm256_loadu_ps(values + i + 8), factor);
        low = _mm256_max_ps(_mm256_min_ps(low, top), bottom);
        high = _mm256_max_ps(_mm256_min_ps(high, top), bottom);
        const __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(low), _mm256_cvtps_epi32(high));
        const __m256i ordered = _mm256_permute4x64_epi64(words, 0xd8);
        const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
        _mm_storeu_si128((__m128i *)(codes + i), bytes);
    }
    if (i < count) kernel_scalar.quantise(values + i, count - i, scale, codes + i);
}

const kernel_set kernel_avx2 = {"avx2", dot_f32, dot_i8, dots_i8, quantise};
#endif
