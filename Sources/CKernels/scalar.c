// The plain twins: what the others are compared with, and what runs where there is nothing better.
#include "variants.h"

#include <math.h>

static float dot_f32(const float *a, const float *b, size_t count) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t count) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += (int32_t)a[i] * b[i];
    return sum;
}

static void dots_i8(
    const int8_t *query, const int8_t *rows, size_t count, const uint32_t *slots, size_t slot_count, int32_t *products) {
    for (size_t i = 0; i < slot_count; i++) products[i] = dot_i8(query, rows + (size_t)slots[i] * count, count);
}

static void quantise(const float *values, size_t count, float scale, int8_t *codes) {
    for (size_t i = 0; i < count; i++) {
        float value = values[i] * scale;
        value = value > 127 ? 127 : value < -127 ? -127 : value;
        codes[i] = (int8_t)lrintf(value);
    }
}

const kernel_set kernel_scalar = {"scalar", dot_f32, dot_i8, dots_i8, quantise};

// Additions of the same pairs in the same order whatever the vector width: the same bits on every machine.
void kernel_rotate(float *values, size_t count, const uint64_t *signs) {
    const float norm = 1.0f / sqrtf((float)count);
    for (size_t i = 0; i < count; i++) values[i] *= (signs[i / 64] >> (i % 64)) & 1 ? -norm : norm;
    for (size_t half = 1; half < count; half *= 2) {
        for (size_t block = 0; block < count; block += 2 * half) {
            for (size_t i = block; i < block + half; i++) {
                const float left = values[i], right = values[i + half];
                values[i] = left + right;
                values[i + half] = left - right;
            }
        }
    }
}
