import CMicroHTTPD
import Foundation

/// One request as it comes in. Only the event-loop thread of its connection touches it.
private final class HTTPExchange {
    var request: HTTPRequest
    var received = 0
    /// Decided by the headers alone; the body is let run out before it is said.
    let refusal: HTTPResponse?
    /// Whether the body is gathered: not of one who will be refused anyway.
    let keepsBody: Bool
    /// What a worker is to answer.
    var pending: PendingAnswer?

    init(_ request: HTTPRequest, refusal: HTTPResponse?, keepsBody: Bool) {
        self.request = request
        self.refusal = refusal
        self.keepsBody = keepsBody
    }
}

/// Called when a request's headers are in, for each piece of its body, at its end, and when a suspended one is resumed.
func onAccess(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, data: UnsafePointer<CChar>?,
    size: UnsafeMutablePointer<Int>?, slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context, let connection, let url, let method, let size, let slot else { return .NO }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    guard let raw = slot.pointee else { return begin(server, connection, url, method, slot) }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(raw).takeUnretainedValue()
    if size.pointee > 0 {
        let piece = UnsafeRawBufferPointer(start: data, count: size.pointee)
        size.pointee = 0
        exchange.received += piece.count
        // libmicrohttpd cannot answer in the midst of an upload: a body that goes on and on is cut off.
        if exchange.received > 8 * server.bodyLimit { return .NO }
        if exchange.keepsBody, exchange.received <= server.bodyLimit { exchange.request.body.append(contentsOf: piece) }
        return .YES
    }
    let isHead = exchange.request.method == "HEAD"
    if let pending = exchange.pending { return answer(pending, server, connection, isHead) }
    if let refusal = exchange.refusal { return queue(refusal, server, connection) }
    guard exchange.received <= server.bodyLimit else {
        return queue(tooLarge(server.bodyLimit), server, connection)
    }
    switch server.handle(exchange.request) {
    case .now(let response):
        return queue(response, server, connection, isHead: isHead)
    case .waits(let awaited, let work, let told):
        let pending = PendingAnswer(answer: work, told: told)
        exchange.pending = pending
        if !server.workers(for: awaited).submit(pending) {
            pending.give(.busy("Too many requests wait already; try again in a moment.", retryAfter: 1))
        }
        return answer(pending, server, connection, isHead)
    }
}

func onCompleted(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, reason: MHD_RequestTerminationCode
) {
    guard let context, let slot, let raw = slot.pointee else { return }
    slot.pointee = nil
    Unmanaged<HTTPExchange>.fromOpaque(raw).release()
    Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue().underWay.subtract(1, ordering: .releasing)
}

/// The headers are in.
private func begin(
    _ server: HTTPServer, _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> MHD_Result {
    let headers = mhd_read_headers(connection)
    if let ambiguity = ambiguity(headers) {
        var refusal = HTTPResponse.problem(400, "Ambiguous request", ambiguity)
        // What follows on this connection may be half of a body.
        refusal.headers.append(("Connection", "close"))
        return queue(refusal, server, connection)
    }
    var request = HTTPRequest(String(cString: method), String(cString: url))
    request.authorization = headers.authorization.map { String(cString: $0) }
    request.contentType = headers.content_type.map { String(cString: $0) }
    request.host = headers.host.map { String(cString: $0) }
    request.lastEventID = headers.last_event_id.map { String(cString: $0) }
    var refusal: HTTPResponse?
    if !readQuery(of: connection, into: &request) {
        refusal = .problem(400, "Wrong query", "The query is not percent-encoded UTF-8.")
    }
    if let length = headers.content_length.flatMap({ Int(String(cString: $0)) }), length > server.bodyLimit {
        refusal = tooLarge(server.bodyLimit)
    }
    let keepsBody = refusal == nil && headers.lengths > 0 && server.takesBody(request)
    slot.pointee = Unmanaged.passRetained(
        HTTPExchange(request, refusal: refusal, keepsBody: keepsBody)
    ).toOpaque()
    server.underWay.add(1, ordering: .relaxed)
    return .YES
}

/// What libmicrohttpd lets through, and a proxy in front may read otherwise, so that a second request is smuggled in.
private func ambiguity(_ headers: mhd_headers) -> String? {
    if headers.lengths > 1 { return "The request says in two ways how long its body is." }
    if headers.blanks > 0 { return "A header's name has a blank in it." }
    if headers.hosts > 1 { return "The request names two hosts." }
    if let encoding = headers.transfer_encoding, strcasecmp(encoding, "chunked") != 0 {
        return "Of transfer encodings only 'chunked' is known."
    }
    if let length = headers.content_length {
        let digits = String(cString: length).utf8
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return "The length of the body is not a number."
        }
    }
    return nil
}

private func readQuery(of connection: OpaquePointer, into request: inout HTTPRequest) -> Bool {
    let query = QueryReader()
    _ = MHD_get_connection_values(
        connection, .GET_ARGUMENT_KIND,
        { context, _, name, value in
            guard let context, let name else { return .YES }
            Unmanaged<QueryReader>.fromOpaque(context).takeUnretainedValue().take(
                String(cString: name), value.map { String(cString: $0) } ?? "")
            return .YES
        }, Unmanaged.passUnretained(query).toOpaque())
    request.queryAll = query.values
    return !query.isWrong
}

/// Gathers a query's values.
private final class QueryReader {
    var values: [(name: String, value: String)] = []
    var isWrong = false

    func take(_ name: String, _ value: String) {
        if let name = PercentEncoding.decode(name[...]), let value = PercentEncoding.decode(value[...]) {
            values.append((name, value))
        } else {
            isWrong = true
        }
    }
}

private func tooLarge(_ limit: Int) -> HTTPResponse {
    .problem(413, "Body too large", "At most \(limit) bytes are read.")
}

private func answer(
    _ pending: PendingAnswer, _ server: HTTPServer, _ connection: OpaquePointer, _ isHead: Bool
) -> MHD_Result {
    guard let response = pending.response(orSuspend: MHDConnection(handle: connection)) else { return .YES }
    return queue(response, server, connection, isHead: isHead)
}

private func queue(
    _ response: HTTPResponse, _ server: HTTPServer, _ connection: OpaquePointer, isHead: Bool = false
) -> MHD_Result {
    let made: OpaquePointer?
    switch response.body {
    case .bytes(let bytes):
        made = bytes.withUnsafeBytes { bytes in
            MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
        }
    case .events(let source) where isHead:
        // libmicrohttpd would end a stream that it does not send.
        source.close()
        made = MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
    case .events(let source):
        guard let stream = server.streams.open(source, MHDConnection(handle: connection)) else {
            return queue(.busy("The server is being stopped.", retryAfter: 1), server, connection)
        }
        made = eventsResponse(stream)
    }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    MHD_add_response_header(made, "Content-Type", response.contentType)
    MHD_add_response_header(made, "X-Content-Type-Options", "nosniff")
    for (name, value) in response.headers { MHD_add_response_header(made, name, value) }
    return MHD_queue_response(connection, UInt32(response.status), made)
}

/// A response whose body the stream gives piece by piece; it closes the stream when libmicrohttpd lets it go.
private func eventsResponse(_ stream: HTTPStream) -> OpaquePointer? {
    let retained = Unmanaged.passRetained(stream)
    let made = MHD_create_response_from_callback(
        UInt64.max, 1_024,
        { context, _, buffer, size in
            guard let context, let buffer else { return MHD_CONTENT_READER_END_WITH_ERROR }
            let stream = Unmanaged<HTTPStream>.fromOpaque(context).takeUnretainedValue()
            return stream.fill(UnsafeMutableRawBufferPointer(start: buffer, count: size))
        }, retained.toOpaque(),
        { context in
            guard let context else { return }
            Unmanaged<HTTPStream>.fromOpaque(context).takeRetainedValue().close()
        })
    if made == nil { retained.takeRetainedValue().close() }
    return made
}
