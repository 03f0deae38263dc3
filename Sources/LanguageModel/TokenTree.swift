import Tensors

/// Texts that begin alike, as one tree behind the positions that a cache held when it was begun (the trunk): each node is
/// a token at the position behind its parent, and sees the trunk, its ancestors and itself alone. So many continuations of
/// one text are read in one pass.
public struct TokenTree: Sendable {
    /// Positions that every node sees.
    public let trunk: Int
    /// Each node's parent by its number; nil for one that follows the trunk. Node `i` lies in the cache at `trunk + i`.
    public private(set) var parents: [Int?] = []
    /// How many nodes lead to each node, itself left out.
    private var depths: [Int] = []

    /// A tree without nodes behind all that `cache` holds.
    public init(behind cache: KeyValueCache) {
        trunk = cache.count
    }

    /// Takes in a node for each of `parents`, which are numbers of nodes that are there already.
    mutating func add(under parents: [Int?]) {
        for parent in parents {
            precondition(parent.map(self.parents.indices.contains) ?? true, "a node's parent is read before it")
            self.parents.append(parent)
            depths.append(parent.map { depths[$0] + 1 } ?? 0)
        }
    }

    /// Where the last `rows` nodes stand and what they see.
    func sight(ofLast rows: Int) -> Sight {
        let new = parents.count - rows..<parents.count
        let hidden = new.map { node in
            var isHidden = [Bool](repeating: true, count: parents.count)
            var ancestor: Int? = node
            while let seen = ancestor {
                isHidden[seen] = false
                ancestor = parents[seen]
            }
            return isHidden.indices.filter { isHidden[$0] }.map { trunk + $0 }
        }
        return Sight(positions: new.map { trunk + depths[$0] }, hidden: hidden)
    }
}

/// Where the rows of a pass over a tree stand, and which of the cache's positions, these rows' own included, each does not
/// see. The rows of a plain pass stand one behind the other and see all before them.
struct Sight {
    let positions: [Int]
    let hidden: [[Int]]
}

extension LanguageModel {
    /// Reads one token for each of `parents`, a node of `tree` or nil for its trunk, and takes them in as nodes.
    ///
    /// Returns the residual stream after the last of the cache's layers, one row a token. The cache must hold the trunk and
    /// the tree's nodes; truncating it to the trunk forgets the tree.
    ///
    /// - Throws: ``LanguageModelError`` as ``forward(_:cache:scratch:)``, and `wrongCache` for a cache of another tree.
    public func forward(
        _ tokens: [Int32], under parents: [Int?], of tree: inout TokenTree, cache: inout KeyValueCache,
        scratch: ForwardScratch
    ) throws(LanguageModelError) -> Matrix<Float> {
        precondition(tokens.count == parents.count, "every token has a parent or follows the trunk")
        guard cache.count == tree.trunk + tree.parents.count else {
            throw LanguageModelError(
                .wrongCache,
                "A cache of \(cache.count) positions does not hold a tree of \(tree.parents.count) nodes behind "
                    + "\(tree.trunk) positions.")
        }
        try check(tokens, cache)
        tree.add(under: parents)
        var residual = embed(tokens)
        run(&residual, layers: 0..<cache.layers, sight: tree.sight(ofLast: tokens.count), &cache, scratch)
        return residual
    }
}
