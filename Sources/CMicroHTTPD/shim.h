#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* MHD_start_daemon and MHD_get_daemon_info are variadic, and Swift calls no variadic C function. */

/* Whoever takes the daemon's lines; it must outlive the daemon. */
struct mhd_logger {
    void (*_Nonnull write)(void *_Nonnull context, const char *_Nonnull line);
    void *_Nonnull context;
};

static inline void mhd_log_adapter(void *_Nonnull opaque, const char *_Nonnull format, va_list values) {
    struct mhd_logger *logger = opaque;
    char line[512];
    vsnprintf(line, sizeof line, format, values);
    logger->write(logger->context, line);
}

/* Leaves a path and a query as they were sent: what is decoded cannot be split any more. */
static inline size_t mhd_leave_escaped(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

/* The logger goes first: what the options after it have to say goes through it. */
static inline struct MHD_Daemon *_Nullable mhd_start(
    unsigned flags, const struct sockaddr *_Nonnull address, struct mhd_logger *_Nonnull logger,
    MHD_AccessHandlerCallback _Nonnull access, MHD_RequestCompletedCallback _Nonnull completed, void *_Nonnull context,
    const struct MHD_OptionItem *_Nonnull options) {
    return MHD_start_daemon(
        flags, 0, NULL, NULL, access, context, MHD_OPTION_EXTERNAL_LOGGER, mhd_log_adapter, (void *)logger,
        MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_NOTIFY_COMPLETED, completed, context, MHD_OPTION_UNESCAPE_CALLBACK,
        mhd_leave_escaped, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static inline unsigned mhd_port(struct MHD_Daemon *_Nonnull daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

static inline unsigned mhd_connections(struct MHD_Daemon *_Nonnull daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}

/* The headers that are read, found in one pass; the texts live as long as the request. */
struct mhd_headers {
    const char *_Nullable authorization;
    const char *_Nullable content_type;
    const char *_Nullable host;
    const char *_Nullable last_event_id;
    const char *_Nullable content_length;
    const char *_Nullable transfer_encoding;
    /* Content-Length and Transfer-Encoding, all that there are. */
    unsigned lengths;
    unsigned hosts;
    /* Names with a blank in them, as in "Content-Length : 5", which others read without it. */
    unsigned blanks;
};

static inline enum MHD_Result mhd_note_header(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
    (void)kind;
    struct mhd_headers *headers = context;
    if (!strcasecmp(name, "Authorization")) headers->authorization = value;
    else if (!strcasecmp(name, "Content-Type")) headers->content_type = value;
    else if (!strcasecmp(name, "Last-Event-ID")) headers->last_event_id = value;
    else if (!strcasecmp(name, "Host")) headers->host = value, headers->hosts++;
    else if (!strcasecmp(name, "Content-Length")) headers->content_length = value, headers->lengths++;
    else if (!strcasecmp(name, "Transfer-Encoding")) headers->transfer_encoding = value, headers->lengths++;
    else if (strpbrk(name, " \t\v\f\r")) headers->blanks++;
    return MHD_YES;
}

static inline struct mhd_headers mhd_read_headers(struct MHD_Connection *_Nonnull connection) {
    struct mhd_headers headers = {0};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, mhd_note_header, &headers);
    return headers;
}
