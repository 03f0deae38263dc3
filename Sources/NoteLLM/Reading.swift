/// Where a note's embedding is read in the base model. It belongs to the model version.
public struct Reading: Codable, Sendable, Hashable {
    /// Which tokens' states are read.
    public enum Pooling: String, Codable, Sendable {
        /// The mean over the note's own tokens. The first token of the prefix, an attention sink, is never among them.
        case mean
        /// The last token of the prompt: the opening quote before `[EMB]`, as in the paper (sec. 4.1).
        case lastToken = "last-token"
    }

    /// How many layers are run; the residual stream after the last of them is read.
    public var layer: Int
    /// Which tokens are read.
    public var pooling: Pooling
    /// Whether the model's output norm is applied first: the paper's "last hidden state" of the last layer.
    public var outputNorm: Bool

    /// A reading after `layer` layers.
    public init(layer: Int, pooling: Pooling, outputNorm: Bool = false) {
        self.layer = layer
        self.pooling = pooling
        self.outputNorm = outputNorm
    }

    /// The untrained default: the mean over the note's tokens after layer 8. A small model is better read early.
    public static let standard = Reading(layer: 8, pooling: .mean)

    /// The paper's form: the last prompt token's last hidden state in a model of `layers` layers.
    public static func paper(layers: Int) -> Reading {
        Reading(layer: layers, pooling: .lastToken, outputNorm: true)
    }
}
