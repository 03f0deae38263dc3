#include "COpenAPI.h"

// Embedding a file is C23, which clang knows in every C.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char document[] = {
#embed "../../Topics/openapi.yaml"
};

const unsigned char *notestream_openapi_bytes(void) { return document; }

size_t notestream_openapi_size(void) { return sizeof document; }
