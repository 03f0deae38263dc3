import CMicroHTTPD
import Foundation

/// One request as it comes in. Only the event-loop thread of its connection touches it.
private final class HTTPExchange {
    var request: HTTPRequest
    var received = 0
    /// Decided by the headers alone; the body is let run out before it is said.
    let refusal: HTTPResponse?

    init(_ request: HTTPRequest, refusal: HTTPResponse?) {
        self.request = request
        self.refusal = refusal
    }
}

/// Called when a request's headers are in, for each piece of its body, and at its end.
func onAccess(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, data: UnsafePointer<CChar>?,
    size: UnsafeMutablePointer<Int>?, slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context, let connection, let url, let method, let size, let slot else { return .NO }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    guard let raw = slot.pointee else {
        let exchange = makeExchange(connection, url, method, bodyLimit: server.bodyLimit)
        slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
        return .YES
    }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(raw).takeUnretainedValue()
    if size.pointee > 0 {
        let piece = UnsafeRawBufferPointer(start: data, count: size.pointee)
        size.pointee = 0
        exchange.received += piece.count
        // libmicrohttpd cannot answer in the midst of an upload: a body that goes on and on is cut off.
        if exchange.received > 8 * server.bodyLimit { return .NO }
        if exchange.received <= server.bodyLimit { exchange.request.body.append(contentsOf: piece) }
        return .YES
    }
    if let refusal = exchange.refusal { return queue(refusal, exchange, connection) }
    guard exchange.received <= server.bodyLimit else {
        return queue(tooLarge(server.bodyLimit), exchange, connection)
    }
    return queue(server.handle(exchange.request), exchange, connection)
}

func onCompleted(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, reason: MHD_RequestTerminationCode
) {
    guard let slot, let raw = slot.pointee else { return }
    slot.pointee = nil
    Unmanaged<HTTPExchange>.fromOpaque(raw).release()
}

private func makeExchange(
    _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>, bodyLimit: Int
) -> HTTPExchange {
    var request = HTTPRequest(String(cString: method), String(cString: url))
    var lengths = 0
    forEachValue(of: connection, .HEADER_KIND) { name, value in
        switch name.lowercased() {
        case "content-length", "transfer-encoding": lengths += 1
        case "authorization": request.authorization = value
        default: break
        }
    }
    forEachValue(of: connection, .GET_ARGUMENT_KIND) { request.query[$0] = $1 ?? "" }
    // libmicrohttpd takes two lengths, and a length beside chunks: what a proxy in front reads otherwise is smuggled in.
    if lengths > 1 {
        return HTTPExchange(
            request, refusal: .problem(400, "Ambiguous length", "The request says in two ways how long its body is."))
    }
    let length = MHD_lookup_connection_value(connection, .HEADER_KIND, "Content-Length").flatMap {
        Int(String(cString: $0))
    }
    return HTTPExchange(request, refusal: (length ?? 0) > bodyLimit ? tooLarge(bodyLimit) : nil)
}

private func tooLarge(_ limit: Int) -> HTTPResponse {
    .problem(413, "Body too large", "At most \(limit) bytes are read.")
}

private func forEachValue(
    of connection: OpaquePointer, _ kind: MHD_ValueKind, _ body: (_ name: String, _ value: String?) -> Void
) {
    withoutActuallyEscaping(body) { body in
        var body = body
        withUnsafeMutablePointer(to: &body) { pointer in
            _ = MHD_get_connection_values(
                connection, kind,
                { context, _, name, value in
                    guard let context, let name else { return .YES }
                    let body = context.assumingMemoryBound(to: ((String, String?) -> Void).self).pointee
                    body(String(cString: name), value.map { String(cString: $0) })
                    return .YES
                }, pointer)
        }
    }
}

private func queue(_ response: HTTPResponse, _ exchange: HTTPExchange, _ connection: OpaquePointer) -> MHD_Result {
    let made = response.body.withUnsafeBytes { bytes in
        MHD_create_response_from_buffer(
            bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
    }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    MHD_add_response_header(made, "Content-Type", response.contentType)
    MHD_add_response_header(made, "X-Content-Type-Options", "nosniff")
    for (name, value) in response.headers { MHD_add_response_header(made, name, value) }
    return MHD_queue_response(connection, UInt32(response.status), made)
}
