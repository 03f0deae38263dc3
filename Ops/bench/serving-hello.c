/* The least that a server on libmicrohttpd can do: the same bytes for every request. Ops/bench/serving measures notestream's
 * reads beside it.
 *
 *   serving-hello THREADS BYTES
 *
 * Listens on a free port of 127.0.0.1, prints it, and ends with its standard input. Event loops, limits and the reading of a
 * request are as in Sources/Serving/HTTP/HTTPServer.swift. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *body;
static size_t body_size;

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request) {
    (void)context, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    static char seen;
    if (*request == NULL) { /* the headers; the answer goes out when the request is whole */
        *request = &seen;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(body_size, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff"); /* notestream sends it too */
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: serving-hello THREADS BYTES\n", stderr);
        return 64;
    }
    unsigned threads = (unsigned)atoi(arguments[1]);
    body_size = (size_t)atol(arguments[2]);
    body = malloc(body_size);
    if (body == NULL) return 70;
    memset(body, 'x', body_size);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_CONNECTION_LIMIT, 1024u, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)32 << 10, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_END);
    if (daemon == NULL) return 69;
    printf("%d\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (getchar() != EOF) {
    }
    MHD_stop_daemon(daemon);
    free(body);
    return 0;
}
