// The description of the HTTP API, Topics/openapi.yaml, as it stood when this was compiled.
#ifndef NOTESTREAM_COPENAPI_H
#define NOTESTREAM_COPENAPI_H

#include <stddef.h>

/// Its bytes, UTF-8, for as long as the process lives.
const unsigned char *_Nonnull notestream_openapi_bytes(void);

/// How many there are.
size_t notestream_openapi_size(void);

#endif
