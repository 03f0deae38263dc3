import Foundation

/// The llama forward pass in Double and plain loops, written from the papers: the oracle of the fast one.
struct PlainForward {
    let weights: [String: [Double]]
    let layers: Int
    let width = TinyModel.width
    let heads = TinyModel.heads
    let groups = TinyModel.keyValueHeads
    let headWidth = TinyModel.headWidth
    let inner = TinyModel.inner
    let ropeBase = 1000.0
    let epsilon = 1e-5

    /// The residual stream after `layers` layers, one row a token.
    func residual(_ tokens: [Int32]) -> [[Double]] {
        var x = tokens.map { row("token_embd", Int($0)) }
        for layer in 0..<layers {
            let name = "blk.\(layer)."
            let inputs = x.map { normalise($0, name + "attn_norm") }
            let queries = inputs.enumerated().map { rotate(times(name + "attn_q", $1), $0) }
            let keys = inputs.enumerated().map { rotate(times(name + "attn_k", $1), $0) }
            let values = inputs.map { times(name + "attn_v", $0) }
            for t in x.indices {
                var mixed = [Double](repeating: 0, count: width)
                for head in 0..<heads {
                    let group = head / (heads / groups)
                    let scores = (0...t).map { s in
                        (0..<headWidth).reduce(0.0) {
                            $0 + queries[t][head * headWidth + $1] * keys[s][group * headWidth + $1]
                        } / Double(headWidth).squareRoot()
                    }
                    let total = scores.reduce(0) { $0 + exp($1) }
                    for (s, score) in scores.enumerated() {
                        for i in 0..<headWidth {
                            mixed[head * headWidth + i] += exp(score) / total * values[s][group * headWidth + i]
                        }
                    }
                }
                x[t] = add(x[t], times(name + "attn_output", mixed))
                let input = normalise(x[t], name + "ffn_norm")
                let gate = times(name + "ffn_gate", input).map { $0 / (1 + exp(-$0)) }
                let up = times(name + "ffn_up", input)
                x[t] = add(x[t], times(name + "ffn_down", zip(gate, up).map(*)))
            }
        }
        return x
    }

    func logits(_ residual: [Double]) -> [Double] {
        times(weights["output"] == nil ? "token_embd" : "output", normalise(residual, "output_norm"))
    }

    private func row(_ name: String, _ index: Int) -> [Double] {
        Array(weights[name, default: []][index * width..<(index + 1) * width])
    }

    private func times(_ name: String, _ x: [Double]) -> [Double] {
        let matrix = weights[name, default: []]
        return (0..<matrix.count / x.count).map { i in
            x.indices.reduce(0.0) { $0 + matrix[i * x.count + $1] * x[$1] }
        }
    }

    private func add(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map(+) }

    private func normalise(_ x: [Double], _ name: String) -> [Double] {
        let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + epsilon).squareRoot()
        return zip(x, weights[name, default: []]).map { $0 * scale * $1 }
    }

    private func rotate(_ x: [Double], _ position: Int) -> [Double] {
        var y = x
        for i in stride(from: 0, to: x.count, by: 2) {
            let angle = Double(position) / pow(ropeBase, Double(i % headWidth) / Double(headWidth))
            y[i] = x[i] * cos(angle) - x[i + 1] * sin(angle)
            y[i + 1] = x[i] * sin(angle) + x[i + 1] * cos(angle)
        }
        return y
    }
}
