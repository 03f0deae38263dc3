import LanguageModel
import Support
import Tensors
import Testing

@Suite struct TreeTests {
    @Test func aTreeEqualsItsBranchesReadAlone() throws {
        var random = SeededGenerator(seed: 21)
        let model = try TinyModel(seed: 5, matrixType: .q8WithScale).open()
        let scratch = ForwardScratch()
        for _ in 0..<20 {
            let trunk = ForwardTests.tokens(Int.random(in: 1...20, using: &random), &random)
            var cache = model.makeCache()
            _ = try model.forward(trunk, cache: &cache, scratch: scratch)
            let alone = cache
            var tree = TokenTree(behind: cache)
            var tokens: [Int32] = []
            var rows: [[Float]] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                // Nodes of one call may follow nodes of earlier calls only, or, as here in half of them, each other.
                let new = ForwardTests.tokens(Int.random(in: 1...6, using: &random), &random)
                let reach = Bool.random(using: &random) ? nil : tokens.count
                let parents: [Int?] = new.indices.map { place in
                    let known = reach ?? tokens.count + place
                    return known == 0 || Int.random(in: 0..<4, using: &random) == 0
                        ? nil : Int.random(in: 0..<known, using: &random)
                }
                let residual = try model.forward(new, under: parents, of: &tree, cache: &cache, scratch: scratch)
                tokens += new
                rows += (0..<residual.rows).map { residual.row($0) }
            }
            for node in tokens.indices {
                var path: [Int32] = []
                var at: Int? = node
                while let seen = at {
                    path.insert(tokens[seen], at: 0)
                    at = tree.parents[seen]
                }
                var branch = alone
                let expected = try model.forward(path, cache: &branch, scratch: scratch).row(path.count - 1)
                #expect(relativeError(rows[node], expected.map(Double.init)) < 1e-5)
            }
            // A forgotten tree leaves no trace.
            cache.truncate(to: tree.trunk)
            var fresh = alone
            let after = try model.forward([1, 2, 3], cache: &cache, scratch: scratch)
            #expect(after == (try model.forward([1, 2, 3], cache: &fresh, scratch: scratch)))
        }
    }

    @Test func twoPartsOfAPassEqualTheWholeToTheBit() throws {
        var random = SeededGenerator(seed: 22)
        let model = try TinyModel(seed: 6, matrixType: .q4WithMinimum).open()
        let scratch = ForwardScratch()
        for middle in 0...TinyModel.layers {
            let prefix = ForwardTests.tokens(7, &random)
            let note = ForwardTests.tokens(19, &random)
            var whole = model.makeCache()
            _ = try model.forward(prefix, cache: &whole, scratch: scratch)
            var parts = whole
            var early = model.makeCache(layers: middle)
            _ = try model.forward(prefix, cache: &early, scratch: scratch)
            let first = try model.forward(note, upTo: middle, cache: &parts, scratch: scratch)
            #expect(first == (try model.forward(note, cache: &early, scratch: scratch)))
            if middle < TinyModel.layers {
                let second = try model.forward(first, from: middle, cache: &parts, scratch: scratch)
                #expect(second == (try model.forward(note, cache: &whole, scratch: scratch)))
            }
            let next = try model.forward([5], cache: &parts, scratch: scratch)
            if middle == TinyModel.layers { _ = try model.forward(note, cache: &whole, scratch: scratch) }
            #expect(next == (try model.forward([5], cache: &whole, scratch: scratch)))
        }
    }

    @Test func anUnfinishedPassIsNotReadOn() throws {
        let model = try TinyModel(seed: 7, matrixType: .f32).open()
        let scratch = ForwardScratch()
        var cache = model.makeCache()
        _ = try model.forward([1, 2], cache: &cache, scratch: scratch)
        let fresh = cache
        var tree = TokenTree(behind: cache)
        let half = try model.forward([3, 4], upTo: 1, cache: &cache, scratch: scratch)
        func refused(_ body: () throws -> Void) -> Bool {
            do {
                try body()
                return false
            } catch { return (error as? LanguageModelError)?.kind == .wrongCache }
        }
        #expect(refused { _ = try model.forward([5], cache: &cache, scratch: scratch) })
        #expect(refused { _ = try model.forward(half, from: 2, cache: &cache, scratch: scratch) })
        #expect(refused { _ = try model.forward(half.rows(0..<1), from: 1, cache: &cache, scratch: scratch) })
        #expect(refused { _ = try model.forward([5], under: [nil], of: &tree, cache: &cache, scratch: scratch) })
        cache.truncate(to: 2)
        var copy = fresh
        let after = try model.forward([5], cache: &cache, scratch: scratch)
        #expect(after == (try model.forward([5], cache: &copy, scratch: scratch)))
        #expect(refused { _ = try model.forward([5], under: [nil], of: &tree, cache: &cache, scratch: scratch) })
    }
}
