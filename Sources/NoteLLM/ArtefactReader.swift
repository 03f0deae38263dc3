import Foundation
import LanguageModel
import Tensors

/// Typed access to the tensors and texts of an artefact. What is missing, of another shape or not finite is refused.
struct ArtefactReader {
    private let file: Safetensors

    init(_ bytes: [UInt8]) throws(NoteLLMError) {
        do {
            file = try Safetensors(contents: bytes, name: "the model version's artefact")
        } catch {
            throw NoteLLMError(.artefact, error.message)
        }
    }

    /// A vector; of `count` numbers where that is given.
    func vector(_ name: String, count: Int? = nil) throws(NoteLLMError) -> [Float] {
        try values(name, shape: [count]).values
    }

    /// A matrix; a nil extent may be anything.
    func matrix(_ name: String, rows: Int? = nil, columns: Int? = nil) throws(NoteLLMError) -> Matrix<Float> {
        let tensor = try values(name, shape: [rows, columns])
        return Matrix(rows: tensor.shape[0], columns: tensor.shape[1], elements: tensor.values)
    }

    /// Whole numbers within `range`, which the format keeps as Float.
    func integers(_ name: String, count: Int? = nil, in range: Range<Int>) throws(NoteLLMError) -> [Int] {
        let values = try vector(name, count: count)
        let integers = values.compactMap { Int(exactly: $0) }
        guard integers.count == values.count, integers.allSatisfy(range.contains) else {
            throw NoteLLMError(.artefact, "The artefact's tensor '\(name)' holds other numbers than \(range).")
        }
        return integers
    }

    /// The text stored under `name`, as JSON of `type`.
    func json<Value: Decodable>(_ name: String, _ type: Value.Type) throws(NoteLLMError) -> Value {
        guard let text = file.metadata[name] else {
            throw NoteLLMError(.artefact, "The artefact lacks the text '\(name)'.")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw NoteLLMError(.artefact, "The artefact's text '\(name)' is not readable: \(error).")
        }
    }

    /// The adapter of the given shape, for a model of the given width.
    func adapter(_ shape: AdapterShape, width: Int) throws(NoteLLMError) -> Adapter {
        let adapter: Adapter
        do {
            adapter = try Adapter(shape, tensors: file.tensors)
        } catch {
            throw NoteLLMError(.artefact, "The artefact's adapter cannot be read. \(error.message)")
        }
        guard adapter.layout.widths.residual == width else {
            throw NoteLLMError(
                .artefact,
                "The artefact's adapter is for a model of width \(adapter.layout.widths.residual), its states are of "
                    + "width \(width).")
        }
        return adapter
    }

    private func values(_ name: String, shape: [Int?]) throws(NoteLLMError) -> Safetensors.Tensor {
        guard let tensor = file.tensors[name] else {
            throw NoteLLMError(.artefact, "The artefact lacks the tensor '\(name)'.")
        }
        let fits = tensor.shape.count == shape.count && zip(tensor.shape, shape).allSatisfy { $1 == nil || $0 == $1 }
        guard fits, tensor.values.allSatisfy(\.isFinite) else {
            let wanted = shape.map { $0.map(String.init) ?? "any" }.joined(separator: "×")
            throw NoteLLMError(
                .artefact, "The artefact's tensor '\(name)' has shape \(tensor.shape), not finite numbers of \(wanted)."
            )
        }
        return tensor
    }
}
