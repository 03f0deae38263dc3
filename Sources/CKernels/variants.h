// Which implementations the compiler's target allows. Included by the .c files alone.
#ifndef NOTESTREAM_VARIANTS_H
#define NOTESTREAM_VARIANTS_H

#include "CKernels.h"

extern const kernel_set kernel_scalar;

#if defined(__x86_64__)
extern const kernel_set kernel_avx2;
extern const kernel_set kernel_avx512;
#endif

#endif
