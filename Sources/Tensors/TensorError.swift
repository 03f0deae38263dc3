/// What can go wrong in a decomposition or a check of the arithmetic library.
public struct TensorError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The class of failure, for code that decides.
    public enum Kind: Equatable, Sendable {
        /// OpenBLAS computes wrong products on this processor.
        case wrongArithmetic
        /// A matrix that must be positive definite is not.
        case notPositiveDefinite
        /// A matrix holds a NaN or an infinity.
        case notFinite
        /// An iteration of LAPACK did not converge.
        case noConvergence
    }

    /// The class of failure.
    public let kind: Kind
    /// What happened and what to do, for people.
    public let message: String

    /// An error of the given kind.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
