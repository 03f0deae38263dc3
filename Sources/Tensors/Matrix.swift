/// A dense matrix, row-major and contiguous: element (i, j) lies at `i * columns + j`.
///
/// A value type over one array, so that passing it costs a reference and a copy is made only when one of two holders
/// writes. Shapes that do not fit are a mistake of the program and stop it.
public struct Matrix<Scalar: RealScalar>: Equatable, Sendable {
    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int
    @usableFromInline var storage: [Scalar]

    /// A matrix with the same value everywhere.
    @inlinable
    public init(rows: Int, columns: Int, repeating value: Scalar = 0) {
        precondition(rows >= 0 && columns >= 0, "a matrix has no negative extent")
        self.rows = rows
        self.columns = columns
        storage = [Scalar](repeating: value, count: rows * columns)
    }

    /// A matrix over `elements` in row-major order.
    @inlinable
    public init(rows: Int, columns: Int, elements: [Scalar]) {
        precondition(rows >= 0 && columns >= 0 && elements.count == rows * columns, "elements do not fill the matrix")
        self.rows = rows
        self.columns = columns
        storage = elements
    }

    /// A matrix of `rows` × `columns` whose elements `body` writes, each of them.
    @inlinable
    public init<Failure: Error>(
        rows: Int, columns: Int, initializing body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Void
    ) throws(Failure) {
        self.init(rows: rows, columns: columns)
        try withMutableElements(body)
    }

    /// A matrix of the given rows, all of one length. No rows make a 0×0 matrix.
    @inlinable
    public init(_ rows: [[Scalar]]) {
        let columns = rows.first?.count ?? 0
        precondition(rows.allSatisfy { $0.count == columns }, "the rows differ in length")
        self.init(rows: rows.count, columns: columns, elements: Array(rows.joined()))
    }

    /// The n×n identity, times `value`.
    @inlinable
    public static func diagonal(_ n: Int, _ value: Scalar = 1) -> Matrix {
        var matrix = Matrix(rows: n, columns: n)
        for i in 0..<n { matrix[i, i] = value }
        return matrix
    }

    /// All elements in row-major order.
    @inlinable public var elements: [Scalar] { storage }

    /// The element in `row` and `column`.
    @inlinable
    public subscript(row: Int, column: Int) -> Scalar {
        get {
            precondition(column >= 0 && column < columns, "no such column")
            return storage[row * columns + column]
        }
        set {
            precondition(column >= 0 && column < columns, "no such column")
            storage[row * columns + column] = newValue
        }
    }

    /// A copy of one row, `columns` long.
    @inlinable
    public func row(_ row: Int) -> [Scalar] { Array(storage[row * columns..<(row + 1) * columns]) }

    /// A copy of some consecutive rows.
    @inlinable
    public func rows(_ range: Range<Int>) -> Matrix {
        Matrix(
            rows: range.count, columns: columns,
            elements: Array(storage[range.lowerBound * columns..<range.upperBound * columns]))
    }

    /// Calls `body` with all elements, row-major.
    @inlinable
    public func withElements<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeBufferPointer(body)
    }

    /// Calls `body` with all elements, row-major, to be changed in place.
    @inlinable
    public mutating func withMutableElements<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeMutableBufferPointer { (buffer) throws(Failure) in try body(buffer) }
    }

    /// Calls `body` with one row.
    @inlinable
    public func withRow<Result, Failure: Error>(
        _ row: Int, _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(row >= 0 && row < rows, "no such row")
        return try withElements { (all) throws(Failure) in
            try body(UnsafeBufferPointer(rebasing: all[row * columns..<(row + 1) * columns]))
        }
    }

    /// Calls `body` with one row, to be changed in place.
    @inlinable
    public mutating func withMutableRow<Result, Failure: Error>(
        _ row: Int, _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(row >= 0 && row < rows, "no such row")
        let columns = columns
        return try withMutableElements { (all) throws(Failure) in
            try body(UnsafeMutableBufferPointer(rebasing: all[row * columns..<(row + 1) * columns]))
        }
    }

    /// The transpose, columns × rows.
    @inlinable
    public func transposed() -> Matrix {
        var result = Matrix(rows: columns, columns: rows)
        withElements { source in
            result.withMutableElements { target in
                for i in 0..<rows {
                    for j in 0..<columns { target[j * rows + i] = source[i * columns + j] }
                }
            }
        }
        return result
    }
}
