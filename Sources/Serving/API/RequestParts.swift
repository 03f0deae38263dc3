import Foundation
import Schemas

/// Parts of requests, checked.
extension HTTPRequest {
    /// The path with its query, as it was sent.
    var target: String {
        guard !queryAll.isEmpty else { return path }
        let pairs = queryAll.map { PercentEncoding.encode($0.name) + "=" + PercentEncoding.encode($0.value) }
        return path + "?" + pairs.joined(separator: "&")
    }

    /// How many are wanted: the parameter `k`.
    func count(default wanted: Int, in bounds: ClosedRange<Int> = API.counts) throws(RequestProblem) -> Int {
        guard let text = value("k") else { return wanted }
        guard let number = Int(text), bounds.contains(number) else {
            throw RequestProblem(
                parameter: "k is how many are wanted, \(bounds.lowerBound) to \(bounds.upperBound); '\(text)' is not.")
        }
        return number
    }

    /// A number from 0 to 1.
    func share(_ name: String) throws(RequestProblem) -> Double? {
        guard let text = value(name) else { return nil }
        guard let number = Double(text), (0...1).contains(number) else {
            throw RequestProblem(parameter: "\(name) is a number from 0 to 1; '\(text)' is not.")
        }
        return number
    }

    /// The parameter `category`; as long as the topics let one be.
    func category() throws(RequestProblem) -> String? {
        guard let text = value("category") else { return nil }
        guard Self.isCategory(text) else {
            throw RequestProblem(parameter: "category has at most \(EventLimits.nameBytes) bytes.")
        }
        return text
    }

    static func isCategory(_ text: String) -> Bool { text.utf8.count <= EventLimits.nameBytes }

    func flag(_ name: String) throws(RequestProblem) -> Bool {
        switch value(name) {
        case nil, "false": return false
        case "true": return true
        case let text?: throw RequestProblem(parameter: "\(name) is true or false; '\(text)' is neither.")
        }
    }

    /// Reads the body as JSON. Only a declared one: a form of another site can send any text, but not this content type
    /// without this server's leave.
    func json<Value: Decodable>(_ type: Value.Type) throws(RequestProblem) -> Value {
        try requireJSON()
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch DecodingError.keyNotFound(let key, _) {
            throw RequestProblem(400, "Wrong body", "The field '\(key.stringValue)' is missing.")
        } catch DecodingError.typeMismatch(_, let context) {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw RequestProblem(400, "Wrong body", "The field '\(path)' is of another type than it should be.")
        } catch {
            throw RequestProblem(400, "Wrong body", "The body is no JSON object of the kind that is read here.")
        }
    }

    func requireJSON() throws(RequestProblem) {
        let type = (contentType ?? "").split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
        guard type.lowercased() == "application/json" else {
            throw RequestProblem(
                415, "Not JSON", "Send JSON, and the header 'Content-Type: application/json'.")
        }
    }
}

extension HTTPResponse {
    /// A value as JSON, named as the topics' records are.
    static func encoded(_ value: some Encodable) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return .json(Array(try encoder.encode(value)))
        } catch {
            return .problem(500, "Failed", "The answer cannot be written as JSON: \(error)")
        }
    }
}

extension PercentEncoding {
    /// A text as it may stand in a query: all but RFC 3986's unreserved characters encoded.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += byte < 16 ? "%0" + digits : "%" + digits
            }
        }
        return encoded
    }
}
