import Tensors

extension LexicalRidge {
    /// Notes up to which the regression is solved over pairs of notes, with the whole vocabulary.
    static let maximumDualNotes = 4_096
    /// Terms kept when there are more notes: then it is solved over pairs of terms.
    static let maximumPrimalTerms = 4_096

    /// Ridge regression of the centred labels on term vectors.
    ///
    /// - Parameter penalty: in units of a term vector's squared length, which is 1.
    static func fit(
        texts: [NoteText], labels: LabelTable, penalty: Double
    ) throws(NoteLLMError) -> LexicalRidge {
        let isDual = texts.count <= maximumDualNotes
        let vectors = TermVectors(
            texts: texts, maximumTerms: isDual ? TermVectors.maximumTerms : maximumPrimalTerms)
        let rows = texts.map(vectors.vector(of:))
        let weights =
            isDual
            ? try dualWeights(rows, termCount: vectors.terms.count, labels: labels, penalty: penalty)
            : try primalWeights(rows, termCount: vectors.terms.count, labels: labels, penalty: penalty)
        return LexicalRidge(vectors: vectors, pruning: weights)
    }

    /// Xᵀ·(X·Xᵀ + penalty·I)⁻¹·(Y − mean): terms × labels.
    package static func dualWeights(
        _ rows: [TermVectors.Sparse], termCount: Int, labels: LabelTable, penalty: Double
    ) throws(NoteLLMError) -> Matrix<Double> {
        var targets = labels.targets()
        _ = targets.centreColumns()
        let dual = try OutOfFold.dualWeights(
            kernel: Kernels.lexical(rows, termCount: termCount), targets: targets, penalty: penalty)
        var weights = Matrix<Double>(rows: termCount, columns: targets.columns)
        for (note, row) in rows.enumerated() {
            dual.withRow(note) { scores in
                for (term, value) in row {
                    weights.withMutableRow(Int(term)) { target in
                        for j in target.indices { target[j] += Double(value) * scores[j] }
                    }
                }
            }
        }
        return weights
    }

    /// (XᵀX + penalty·I)⁻¹·Xᵀ·(Y − mean): terms × labels.
    package static func primalWeights(
        _ rows: [TermVectors.Sparse], termCount: Int, labels: LabelTable, penalty: Double
    ) throws(NoteLLMError) -> Matrix<Double> {
        var gram = Matrix<Double>(rows: termCount, columns: termCount)
        var moments = Matrix<Double>(rows: termCount, columns: labels.labels.count)
        var termSums = [Double](repeating: 0, count: termCount)
        for (row, noteLabels) in zip(rows, labels.rows) {
            for (term, value) in row {
                termSums[Int(term)] += Double(value)
                gram.withMutableRow(Int(term)) { target in
                    for (other, otherValue) in row { target[Int(other)] += Double(value) * Double(otherValue) }
                }
                for label in noteLabels { moments[Int(term), label] += Double(value) }
            }
        }
        var means = [Double](repeating: 0, count: labels.labels.count)
        for label in labels.rows.joined() { means[label] += 1 / Double(max(rows.count, 1)) }
        for term in 0..<termCount {
            moments.withMutableRow(term) { for j in $0.indices { $0[j] -= termSums[term] * means[j] } }
        }
        return try OutOfFold.dualWeights(kernel: gram, targets: moments, penalty: penalty)
    }
}
