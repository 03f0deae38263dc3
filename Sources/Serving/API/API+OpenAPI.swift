import COpenAPI

extension API {
    /// Serves the description of this API, which is part of the program, to anyone.
    package static let openAPI = Router.Route("GET", "/openapi.yaml", isOpen: true) { _, _ in
        HTTPResponse(
            200, "application/yaml",
            Array(UnsafeBufferPointer(start: notestream_openapi_bytes(), count: notestream_openapi_size())))
    }
}
