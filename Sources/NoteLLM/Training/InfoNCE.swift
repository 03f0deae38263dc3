import Foundation
import Tensors

/// The contrastive loss over the 2B notes of B pairs (paper, sec. 4.2):
///
///     L = −1/2B · Σᵢ log( exp(eᵢ·eᵢ₊ · e^τ) / Σ_{j ≠ i} exp(eᵢ·eⱼ · e^τ) )
///
/// where row i's partner i₊ is i ± B and every other row is a negative, unless it is a false one: the same note again, or
/// a note known to belong with it. Symmetric, since either note of a pair is asked for the other.
public struct InfoNCE<Scalar: RealScalar>: Sendable {
    /// The loss and how it changes.
    public struct Result: Sendable {
        /// The loss, a mean over the rows.
        public let value: Double
        /// dL/dE, 2B × d. The embeddings are taken as they are: the caller goes back through their normalisation
        /// with ``UnitRows``.
        public let embeddings: Matrix<Scalar>
        /// dL/dτ.
        public let temperature: Double
    }

    /// The loss of one batch.
    ///
    /// - Parameters:
    ///   - embeddings: 2B × d with rows of length 1; row i and row B + i are a pair.
    ///   - temperature: τ; cosines are multiplied by e^τ.
    ///   - mask: which rows are no negatives of each other.
    ///   - weights: one per pair, none negative and not all 0; nil: all alike, as in the paper.
    public static func evaluate(
        embeddings: Matrix<Scalar>, temperature: Scalar, mask: ContrastiveMask, weights: [Scalar]? = nil
    ) -> Result {
        let rows = embeddings.rows
        let pairs = rows / 2
        precondition(rows == 2 * pairs && rows == mask.rows, "two rows per pair, and a mask of as many")
        precondition(weights?.count ?? pairs == pairs, "one weight per pair")
        let scale = Scalar(exp(Double(temperature)))
        var total = 2 * Double(pairs)
        if let weights { total = weights.reduce(0) { $0 + 2 * Double($1) } }

        // Cosines, turned row by row into dL/dcosine.
        var slopes = embeddings.timesTransposed(embeddings)  // 2B × 2B
        var value = 0.0
        var slope = 0.0  // dL/dτ
        slopes.withMutableElements { all in
            for i in 0..<rows {
                let row = UnsafeMutableBufferPointer(rebasing: all[i * rows..<(i + 1) * rows])
                let partner = i < pairs ? i + pairs : i - pairs
                let share = (weights.map { Double($0[i % pairs]) } ?? 1) / total
                let part = mask.withRow(i) { skipped in
                    crossEntropy(row, skipping: skipped, target: partner, scale: scale, share: Scalar(share))
                }
                value += share * part.value
                slope += part.temperature
            }
        }
        // Each cosine belongs to two rows: dL/dE = (S + Sᵀ)·E.
        var gradients = slopes.times(embeddings)
        add(transposed: slopes, times: embeddings, to: &gradients)
        return Result(value: value, embeddings: gradients, temperature: slope)
    }

    /// −log softmax of one row's scaled cosines at `target`, over the entries that are not skipped. Writes
    /// share · d/dcosine over `row`; returns the loss and share · d/dτ.
    private static func crossEntropy(
        _ row: UnsafeMutableBufferPointer<Scalar>, skipping skipped: UnsafeBufferPointer<Bool>, target: Int,
        scale: Scalar, share: Scalar
    ) -> (value: Double, temperature: Double) {
        var peak = -Scalar.infinity
        for j in row.indices where !skipped[j] { peak = max(peak, row[j]) }
        let own = row[target]
        var sum = 0.0
        for j in row.indices where !skipped[j] { sum += exp(Double(scale * (row[j] - peak))) }
        var temperature = 0.0
        for j in row.indices {
            guard !skipped[j] else {
                row[j] = 0
                continue
            }
            let logit = scale * row[j]
            let probability = Scalar(exp(Double(scale * (row[j] - peak))) / sum)
            let slope = share * (probability - (j == target ? 1 : 0))  // dL/dlogit
            temperature += Double(slope) * Double(logit)
            row[j] = slope * scale
        }
        return (log(sum) - Double(scale * (own - peak)), temperature)
    }

    /// gradients += slopesᵀ · embeddings.
    private static func add(
        transposed slopes: Matrix<Scalar>, times embeddings: Matrix<Scalar>, to gradients: inout Matrix<Scalar>
    ) {
        let (rows, columns) = (embeddings.rows, embeddings.columns)
        slopes.withElements { a in
            embeddings.withElements { b in
                gradients.withMutableElements { c in
                    guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
                    Scalar.gemm(
                        .yes, .no, m: rows, n: columns, k: rows, alpha: 1, a: a, strideA: rows, b: b,
                        strideB: columns, beta: 1, c: c, strideC: columns)
                }
            }
        }
    }
}

/// Which rows of a contrastive batch are no negatives of each other. A row is never its own negative; its partner is never
/// masked.
public struct ContrastiveMask: Sendable {
    /// Twice the number of pairs.
    public let rows: Int
    /// rows × rows: true where the column is left out of the row's softmax.
    private var skipped: [Bool]

    /// The mask of a batch.
    ///
    /// - Parameters:
    ///   - notes: the note of each of the 2B rows; row i and row B + i are a pair.
    ///   - known: pairs that belong together, in the batch or not.
    public init(notes: [Int], known: KnownPairs) {
        rows = notes.count
        skipped = [Bool](repeating: false, count: rows * rows)
        let pairs = rows / 2
        // The rows of each note, so that a row's cost is its note's neighbours and not the batch.
        var rowsOfNote: [Int: [Int]] = [:]
        for (row, note) in notes.enumerated() { rowsOfNote[note, default: []].append(row) }
        for (i, note) in notes.enumerated() {
            for j in rowsOfNote[note] ?? [] { skipped[i * rows + j] = true }
            for other in known.partners(of: note) {
                for j in rowsOfNote[Int(other)] ?? [] { skipped[i * rows + j] = true }
            }
            skipped[i * rows + (i < pairs ? i + pairs : i - pairs)] = false
            skipped[i * rows + i] = true
        }
    }

    /// Whether row `j` is left out of row `i`'s softmax.
    public subscript(i: Int, j: Int) -> Bool { skipped[i * rows + j] }

    func withRow<Result>(_ i: Int, _ body: (UnsafeBufferPointer<Bool>) -> Result) -> Result {
        skipped.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[i * rows..<(i + 1) * rows])) }
    }
}

/// Scaling rows to length 1, there and back.
public enum UnitRows {
    /// Scales each row of `values` to length 1 in place, and returns the lengths that they had. A row of zeros stays.
    public static func normalise<Scalar: RealScalar>(_ values: inout Matrix<Scalar>) -> [Scalar] {
        (0..<values.rows).map { row in
            values.withMutableRow(row) { x in
                let length: Scalar = Vector.norm(x)
                if length > 0 { for i in x.indices { x[i] /= length } }
                return length
            }
        }
    }

    /// Turns dL/du into dL/dx in place, for u = x / ‖x‖: (g − u·(u·g)) / ‖x‖. A row of zeros gets none.
    public static func backward<Scalar: RealScalar>(
        _ gradients: inout Matrix<Scalar>, units: Matrix<Scalar>, lengths: [Scalar]
    ) {
        for row in 0..<gradients.rows {
            units.withRow(row) { u in
                gradients.withMutableRow(row) { g in
                    guard lengths[row] > 0 else {
                        for i in g.indices { g[i] = 0 }
                        return
                    }
                    var along: Scalar = 0
                    for i in g.indices { along += u[i] * g[i] }
                    for i in g.indices { g[i] = (g[i] - along * u[i]) / lengths[row] }
                }
            }
        }
    }
}
