import CMicroHTTPD

/// One of libmicrohttpd's connections, for suspending and resuming it. `@unchecked Sendable`: libmicrohttpd allows both
/// from any thread, and keeps a suspended connection alive until it is resumed.
struct MHDConnection: @unchecked Sendable {
    let handle: OpaquePointer

    /// Only from within a callback of this connection.
    func suspend() { MHD_suspend_connection(handle) }

    func resume() { MHD_resume_connection(handle) }
}
