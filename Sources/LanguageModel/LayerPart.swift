/// The tensors of one layer, in the order in which they lie in its buffer, by their names in the file.
package enum LayerPart: String, CaseIterable, Sendable {
    case attentionNorm = "attn_norm"
    case query = "attn_q"
    case key = "attn_k"
    case value = "attn_v"
    case attentionOutput = "attn_output"
    case feedForwardNorm = "ffn_norm"
    case gate = "ffn_gate"
    case up = "ffn_up"
    case down = "ffn_down"

    /// Whether it is a vector, one row.
    package var isVector: Bool { self == .attentionNorm || self == .feedForwardNorm }

    /// Rows, the outputs of a matrix.
    package func rows(_ widths: LayerWidths) -> Int {
        switch self {
        case .attentionNorm, .feedForwardNorm: 1
        case .query: widths.query
        case .key, .value: widths.keyValue
        case .attentionOutput, .down: widths.residual
        case .gate, .up: widths.feedForward
        }
    }

    /// Columns, the inputs of a matrix.
    package func columns(_ widths: LayerWidths) -> Int {
        switch self {
        case .attentionNorm, .feedForwardNorm, .query, .key, .value, .gate, .up: widths.residual
        case .attentionOutput: widths.query
        case .down: widths.feedForward
        }
    }

    /// Elements.
    package func count(_ widths: LayerWidths) -> Int { rows(widths) * columns(widths) }
}

/// The widths that decide the shapes of a layer's tensors.
package struct LayerWidths: Equatable, Sendable {
    /// Of the residual stream.
    package let residual: Int
    /// Of one position's queries.
    package let query: Int
    /// Of one position's keys, and of its values.
    package let keyValue: Int
    /// Of the feed-forward network.
    package let feedForward: Int
}

extension ModelConfiguration {
    /// The widths of each layer.
    package var widths: LayerWidths {
        LayerWidths(residual: width, query: queryWidth, keyValue: keyValueWidth, feedForward: feedForwardWidth)
    }
}
