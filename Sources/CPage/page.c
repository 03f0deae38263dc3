#include "CPage.h"

// Embedding a file is C23, which clang knows in every C.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char page[] = {
#embed "index.html"
};

const unsigned char *notestream_page_bytes(void) { return page; }

size_t notestream_page_size(void) { return sizeof page; }
