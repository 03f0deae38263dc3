#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>

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

/* The logger goes first: what the options after it have to say goes through it. */
static inline struct MHD_Daemon *_Nullable mhd_start(
    unsigned flags, const struct sockaddr *_Nonnull address, struct mhd_logger *_Nonnull logger,
    MHD_AccessHandlerCallback _Nonnull access, MHD_RequestCompletedCallback _Nonnull completed, void *_Nonnull context,
    const struct MHD_OptionItem *_Nonnull options) {
    return MHD_start_daemon(
        flags, 0, NULL, NULL, access, context, MHD_OPTION_EXTERNAL_LOGGER, mhd_log_adapter, (void *)logger,
        MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_NOTIFY_COMPLETED, completed, context, MHD_OPTION_ARRAY, options,
        MHD_OPTION_END);
}

static inline unsigned mhd_port(struct MHD_Daemon *_Nonnull daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

static inline unsigned mhd_connections(struct MHD_Daemon *_Nonnull daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}
