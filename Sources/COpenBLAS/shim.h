#ifndef NOTESTREAM_COPENBLAS_SHIM_H
#define NOTESTREAM_COPENBLAS_SHIM_H

#include <cblas.h>
#include <stddef.h>

// LAPACK, which OpenBLAS contains but whose header is a package of its own.
// Fortran calling convention: everything by pointer, and the length of each character argument passed at the end.

/// Eigenvalues (ascending) and eigenvectors of a symmetric matrix, divide and conquer.
void ssyevd_(const char *job, const char *triangle, const blasint *n, float *a, const blasint *lda, float *values,
             float *work, const blasint *work_count, blasint *integer_work, const blasint *integer_work_count,
             blasint *info, size_t job_length, size_t triangle_length);
void dsyevd_(const char *job, const char *triangle, const blasint *n, double *a, const blasint *lda, double *values,
             double *work, const blasint *work_count, blasint *integer_work, const blasint *integer_work_count,
             blasint *info, size_t job_length, size_t triangle_length);

/// Cholesky factor of a symmetric positive definite matrix.
void spotrf_(const char *triangle, const blasint *n, float *a, const blasint *lda, blasint *info,
             size_t triangle_length);
void dpotrf_(const char *triangle, const blasint *n, double *a, const blasint *lda, blasint *info,
             size_t triangle_length);

#endif
