import Foundation
import NoteLLM
import Support
import Tensors
import Testing

/// A language model of a few tokens whose next token's probabilities are drawn anew, by seed, behind every text.
private struct DrawnModel: ContinuationReader {
    let vocabulary: Int
    let seed: UInt64
    private var texts: [[Int32]] = []

    init(vocabulary: Int, seed: UInt64) {
        self.vocabulary = vocabulary
        self.seed = seed
    }

    var first: [Float] { logProbabilities(after: []) }

    mutating func read(_ tokens: [Int32], under parents: [Int?]) -> Matrix<Float> {
        for (token, parent) in zip(tokens, parents) { texts.append((parent.map { texts[$0] } ?? []) + [token]) }
        return Matrix(texts.suffix(tokens.count).map(logProbabilities))
    }

    mutating func forget() { texts.removeAll() }

    func logProbabilities(after text: [Int32]) -> [Float] {
        var hash = seed
        for token in text { hash = (hash ^ UInt64(token &+ 1)) &* 0x100_0000_01B3 }
        var random = SeededGenerator(seed: hash)
        let weights = (0..<vocabulary).map { _ in exp(Double.random(in: -4...0, using: &random)) }
        let sum = weights.reduce(0, +)
        return weights.map { Float(log($0 / sum)) }
    }

    func logProbability(of token: Int32, after text: [Int32]) -> Double {
        Double(logProbabilities(after: text)[Int(token)])
    }
}

/// Every text of known labels that may be written, by plain recursion over whole labels.
private struct AllTexts {
    let model: DrawnModel
    let marks: LabelMarks
    let labels: [[Int32]]
    let limit: Int
    private(set) var texts: [(labels: [Int], logProbability: Double)] = []

    init(_ model: DrawnModel, _ marks: LabelMarks, _ labels: [[Int32]], limit: Int) {
        self.model = model
        self.marks = marks
        self.labels = labels
        self.limit = min(limit, labels.count)
        extend([], [], 0)
    }

    private mutating func extend(_ written: [Int], _ text: [Int32], _ sum: Double) {
        for label in labels.indices where !written.contains(label) {
            var text = text
            var sum = sum
            for token in labels[label] {
                sum += model.logProbability(of: token, after: text)
                text.append(token)
            }
            let after = text
            let ends = marks.ends.reduce(0.0) { $0 + exp(model.logProbability(of: $1, after: after)) }
            let separator = exp(model.logProbability(of: marks.separator, after: text))
            if written.count + 1 == limit {
                texts.append((written + [label], sum + log(ends + separator)))
            } else {
                texts.append((written + [label], sum + log(ends)))
                extend(written + [label], text + [marks.separator], sum + log(separator))
            }
        }
    }
}

@Suite struct LabelSearchTests {
    private static let marks = LabelMarks(separator: 0, ends: [1, 2])

    /// Distinct labels of one to three of the tokens 3..<7, and sometimes of the separator: some begin others.
    private static func labels(_ random: inout SeededGenerator) -> [[Int32]] {
        var labels: [[Int32]] = []
        while labels.count < Int.random(in: 1...5, using: &random) {
            let label = (0..<Int.random(in: 1...3, using: &random)).map { _ in Int32.random(in: 3..<7, using: &random) }
            if !labels.contains(label) { labels.append(label) }
        }
        return labels
    }

    @Test func aBeamThatKeepsAllFindsTheLikeliestText() throws {
        var random = SeededGenerator(seed: 1)
        for round in 0..<60 {
            let labels = Self.labels(&random)
            let limit = Int.random(in: 1...3, using: &random)
            let model = DrawnModel(vocabulary: 7, seed: UInt64(round))
            let all = AllTexts(model, Self.marks, labels, limit: limit).texts
            let best = try #require(all.max { $0.logProbability < $1.logProbability })
            // The texts that may be written are events apart.
            #expect(all.reduce(0) { $0 + exp($1.logProbability) } <= 1 + 1e-5)
            var reader = model
            let grammar = KnownLabels(LabelTrie(labels), marks: Self.marks)
            let found = try LabelSearch(grammar, limit: limit, width: 10_000).run(&reader)
            #expect(found.labels.map(\.label) == best.labels)
            #expect(abs(found.logProbability - best.logProbability) < 1e-5)
        }
    }

    @Test func whatIsWrittenIsKnownAndNeverTwiceOrTooMuch() throws {
        var random = SeededGenerator(seed: 2)
        for round in 0..<80 {
            let labels = Self.labels(&random)
            let limit = Int.random(in: 0...6, using: &random)
            let model = DrawnModel(vocabulary: 7, seed: UInt64(round) &+ 1_000)
            let grammar = KnownLabels(LabelTrie(labels), marks: Self.marks)
            var last = -Double.infinity
            for width in [1, 2, 5, 10_000] {
                var reader = model
                let found = try LabelSearch(grammar, limit: limit, width: width).run(&reader)
                let numbers = found.labels.map(\.label)
                #expect(numbers.count <= limit && Set(numbers).count == numbers.count)
                #expect(numbers.allSatisfy(labels.indices.contains))
                #expect(numbers.isEmpty == (limit == 0))
                // Each label's log-probability is that of its tokens and of what closed it.
                var text: [Int32] = []
                for (place, label) in found.labels.enumerated() {
                    var sum = 0.0
                    for token in labels[label.label] {
                        sum += model.logProbability(of: token, after: text)
                        text.append(token)
                    }
                    let separator = model.logProbability(of: 0, after: text)
                    let end = LogSum.of([1, 2].map { model.logProbability(of: $0, after: text) })
                    let isLast = place + 1 == min(limit, labels.count)
                    sum += isLast ? LogSum.of([separator, end]) : place + 1 == numbers.count ? end : separator
                    #expect(abs(sum - label.logProbability) < 1e-5)
                    text.append(0)
                }
                if width == 10_000 { #expect(found.logProbability >= last - 1e-9) }
                last = max(last, found.logProbability)
            }
        }
    }

    /// Greedy, written down plainly: the likeliest allowed next token, until the text ends.
    @Test func widthOneIsGreedy() throws {
        var random = SeededGenerator(seed: 3)
        for round in 0..<80 {
            let labels = Self.labels(&random)
            let limit = Int.random(in: 1...4, using: &random)
            let model = DrawnModel(vocabulary: 7, seed: UInt64(round) &+ 5_000)
            var written: [Int] = []
            var text: [Int32] = []
            var begun: [Int32] = []
            while true {
                let open = labels.indices.filter { !written.contains($0) && labels[$0].starts(with: begun) }
                var choices = Set(open.filter { labels[$0].count > begun.count }.map { labels[$0][begun.count] })
                    .map { ($0, model.logProbability(of: $0, after: text)) }
                let whole = open.first { labels[$0] == begun }
                let isLast = written.count + 1 == min(limit, labels.count)
                if whole != nil {
                    let separator = model.logProbability(of: 0, after: text)
                    let end = LogSum.of([1, 2].map { model.logProbability(of: $0, after: text) })
                    choices.append((-1, isLast ? LogSum.of([separator, end]) : end))
                    if !isLast { choices.append((0, separator)) }
                }
                let choice = try #require(choices.max { $0.1 < $1.1 }).0
                if choice <= 0, let whole {
                    written.append(whole)
                    begun = []
                    if choice < 0 { break }
                    text.append(0)
                } else {
                    begun.append(choice)
                    text.append(choice)
                }
            }
            var reader = model
            let grammar = KnownLabels(LabelTrie(labels), marks: Self.marks)
            #expect(try LabelSearch(grammar, limit: limit, width: 1).run(&reader).labels.map(\.label) == written)
        }
    }

    @Test func freeWritingEndsAndHasNoDoubles() throws {
        // Tokens 3… are pieces of text; many strip to the same label.
        let pieces: [[UInt8]?] = [nil, nil, nil] + [" a", "a", " ", "#", "é", "b "].map { Array($0.utf8) } + [[0xC3]]
        let grammar = FreeLabels(marks: Self.marks, bytes: pieces)
        for round in 0..<60 {
            for (limit, width) in [(1, 1), (3, 1), (5, 4), (0, 2)] {
                var reader = DrawnModel(vocabulary: pieces.count, seed: UInt64(round) &+ 9_000)
                let labels = try LabelSearch(grammar, limit: limit, width: width).run(&reader).labels.map(\.label)
                #expect(labels.count <= limit && Set(labels.map { Array($0.utf8) }).count == labels.count)
                #expect(labels.allSatisfy { FreeLabels.label(Array($0.utf8)) == $0 && !$0.isEmpty })
            }
        }
    }

    @Test func aModelThatNeverEndsIsCutShort() throws {
        /// Writes the same token for ever.
        struct Endless: ContinuationReader {
            var first: [Float] { [-50, -50, -50, 0] }
            mutating func read(_ tokens: [Int32], under parents: [Int?]) -> Matrix<Float> {
                Matrix(tokens.map { _ in first })
            }
            mutating func forget() {}
        }
        let grammar = FreeLabels(marks: Self.marks, bytes: [nil, nil, nil, Array("x".utf8)])
        var reader = Endless()
        let labels = try LabelSearch(grammar, limit: 5, width: 1).run(&reader).labels.map(\.label)
        #expect(labels == [String(repeating: "x", count: FreeLabels.maximumTokens)])
    }

    @Test func likelihoodsAreThoseOfTheLabelsAlone() throws {
        var random = SeededGenerator(seed: 4)
        for round in 0..<50 {
            var labels = Self.labels(&random)
            if round % 10 == 0 {
                // More than one pass, some labels twice, and one without tokens.
                labels = [[]]
                for number in 0..<200 as Range<Int32> { labels.append([3 + number % 4, 3 + number / 4 % 4, 3]) }
            }
            let model = DrawnModel(vocabulary: 7, seed: UInt64(round) &+ 20_000)
            for closing in [[], Self.marks.ends + [Self.marks.separator]] as [[Int32]] {
                var reader = model
                let found = try LabelLikelihoods(labels, closing: closing).read(from: &reader)
                for (label, value) in zip(labels, found) {
                    var sum = 0.0
                    for place in label.indices {
                        sum += model.logProbability(of: label[place], after: Array(label[..<place]))
                    }
                    if !closing.isEmpty { sum += LogSum.of(closing.map { model.logProbability(of: $0, after: label) }) }
                    #expect(abs(sum - value) < 1e-5)
                }
            }
        }
    }

    @Test func labelsThatCannotBeToldApartAreWrittenOnce() {
        let trie = LabelTrie([[3, 4], [], [3, 4], [3]])
        #expect(trie.count == 2)
        #expect(trie.places.map { $0 == nil } == [false, true, true, false])
        #expect(trie.remaining(under: 0, without: [0]) == 1)
    }
}
