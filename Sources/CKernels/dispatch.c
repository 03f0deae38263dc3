#include "variants.h"

const kernel_set *kernel_at(size_t index) {
    const kernel_set *runnable[3] = {&kernel_scalar};
    size_t count = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        runnable[count++] = &kernel_avx2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vnni")) {
            runnable[count++] = &kernel_avx512;
        }
    }
#endif
    return index < count ? runnable[index] : NULL;
}

const kernel_set *kernel_best(void) {
    const kernel_set *best = &kernel_scalar;
    for (size_t index = 0; kernel_at(index) != NULL; index++) best = kernel_at(index);
    return best;
}
