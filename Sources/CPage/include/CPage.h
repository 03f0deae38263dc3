// The web page, index.html, as it stood when this was compiled.
#ifndef NOTESTREAM_CPAGE_H
#define NOTESTREAM_CPAGE_H

#include <stddef.h>

/// Its bytes, UTF-8, for as long as the process lives.
const unsigned char *_Nonnull notestream_page_bytes(void);

/// How many there are.
size_t notestream_page_size(void);

#endif
