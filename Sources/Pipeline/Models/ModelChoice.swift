import NoteLLM

/// Which model versions count at one moment, as model-updates says.
package struct ModelChoice: Sendable {
    /// The version that is to serve.
    package var target: ModelVersion
    /// The version that served before. It serves on until every note has a profile under the target, and is kept up to
    /// date for the rollback period after that; nil from then on, and where there was none.
    package var previous: ModelVersion?
    /// Versions that served earlier: their profiles are taken back.
    package var former: [String]

    /// A choice.
    package init(target: ModelVersion, previous: ModelVersion? = nil, former: [String] = []) {
        self.target = target
        self.previous = previous
        self.former = former
    }

    /// The versions under which notes are profiled.
    package var kept: [ModelVersion] { [target] + (previous.map { [$0] } ?? []) }

    /// Whether two choices come to the same.
    package func isSame(as other: ModelChoice) -> Bool {
        target.id == other.target.id && previous?.id == other.previous?.id && former == other.former
    }
}
