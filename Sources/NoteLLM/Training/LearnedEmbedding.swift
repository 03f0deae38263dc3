import LanguageModel
import Tensors

/// An embedding that was trained, for a bootstrap that fits everything else in closed form on the states it reads.
package struct LearnedEmbedding: Sendable {
    let standardiser: Standardiser
    let head: EmbeddingHead
    /// What was trained of the language model that the states were read with; nil: nothing.
    let adapter: Adapter?

    /// - Parameters:
    ///   - parent: whose standardiser training kept.
    ///   - projection: dimension × width
    package init(of parent: ModelVersion, projection: Matrix<Float>, adapter: Adapter?) {
        standardiser = parent.standardiser
        head = EmbeddingHead(projection: projection)
        self.adapter = adapter
    }
}
