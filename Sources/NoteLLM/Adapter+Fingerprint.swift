import LanguageModel

extension Adapter {
    /// SHA-256, in hexadecimal, of its tensors and its shape.
    public var fingerprint: String {
        let file = Safetensors(
            tensors: tensors(), metadata: ["shape": "\(shape.rank) \(shape.scale) \(shape.layers)"])
        return SHA256.hex(SHA256.hash(file.encoded()))
    }
}
