import Foundation
import LanguageModel
import NoteLLM
import Support
import Synchronization
import Testing

/// The base model, opened once for all tests; nil where its file is not.
private let sharedModel: LanguageModel? = BaseModel.path.flatMap { try? LanguageModel(path: $0) }

private struct Golden: Decodable {
    struct Note: Decodable {
        let title: String
        let content: String
        let prefixTokens: Int
        let bodyIDs: [Int32]
        let suffixIDs: [Int32]
        let layer8Mean: [Float]
        let lastHidden: [Float]

        var text: NoteText { NoteText(title: title, content: content) }

        enum CodingKeys: String, CodingKey {
            case title
            case content
            case prefixTokens = "prefix_tokens"
            case bodyIDs = "body_ids"
            case suffixIDs = "suffix_ids"
            case layer8Mean = "layer8_mean"
            case lastHidden = "last_hidden"
        }
    }

    let prefix: String
    let middle: String
    let suffix: String
    let notes: [Note]

    static let file = SharedData.golden("note-embeddings.json")
    static func read() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: #require(file)))
    }
}

private func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
    let distance = zip(found, expected).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (distance / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
}

@Suite(.enabled(if: sharedModel != nil, "the base model's file is absent"))
struct NoteEncoderTests {
    let model: LanguageModel

    init() throws { model = try #require(sharedModel) }

    @Test(.enabled(if: Golden.file != nil, "the golden values are absent"))
    func segmentsAreTheGoldenOnes() throws {
        let golden = try Golden.read()
        let prompt = NotePrompt()
        #expect(prompt.prefix == golden.prefix && prompt.middle == golden.middle && prompt.suffix == golden.suffix)
        for note in golden.notes {
            let tokens = prompt.tokens(of: note.text, by: model.tokenizer)
            #expect(tokens.prefix.count == note.prefixTokens)
            #expect(tokens.body == note.bodyIDs)
            #expect(tokens.suffix == note.suffixIDs)
        }
    }

    @Test(.enabled(if: Golden.file != nil, "the golden values are absent"))
    func bothReadingsAreTheGoldenOnes() throws {
        let golden = try Golden.read()
        let early = try NoteEncoder(model: model)
        let last = try NoteEncoder(model: model, reading: .paper(layers: model.configuration.layers))
        for note in golden.notes {
            #expect(relativeError(try early.pooledState(of: note.text), note.layer8Mean) <= 1e-3)
            #expect(relativeError(try last.pooledState(of: note.text), note.lastHidden) <= 1e-3)
        }
    }

    @Test func bitsDependOnTheNoteAlone() throws {
        let encoder = try NoteEncoder(model: model, reading: Reading(layer: 2, pooling: .mean))
        let notes = Self.texts(24)
        let alone = try notes.map { try encoder.pooledState(of: $0) }
        for threads in [1, 2, 3, 7] {
            #expect(try encoder.pooledStates(of: notes, threads: threads) == alone)
        }
        let reversed = try encoder.pooledStates(of: notes.reversed(), threads: 2)
        #expect(reversed.reversed() == alone)
        let worker = encoder.makeWorker()
        for position in [23, 0, 0, 17, 3] { #expect(try worker.pooledState(of: notes[position]) == alone[position]) }
        #expect(Set(alone).count == notes.count)
    }

    @Test func statesAreHalfPrecisionNumbers() throws {
        let encoder = try NoteEncoder(model: model, reading: Reading(layer: 2, pooling: .lastToken))
        for state in try encoder.pooledStates(of: Self.texts(5), threads: 1) {
            #expect(state.count == encoder.width && state == state.map { Float(Float16($0)) })
        }
    }

    @Test func anyTextIsRead() throws {
        let encoder = try NoteEncoder(model: model, reading: Reading(layer: 1, pooling: .mean))
        let texts = [
            NoteText(title: ""), NoteText(title: "", content: "body alone"), NoteText(title: "🙂🙂🙂"),
            NoteText(title: "\0\u{1}", content: "\r\n\r\n"), NoteText(title: "<|im_start|>"),
            NoteText(title: "x", content: String(repeating: "a", count: 10_000_000)),
            NoteText(title: String(repeating: "👩‍👩‍👧‍👦", count: 5_000), content: String(repeating: " ", count: 100_000)),
        ]
        for state in try encoder.pooledStates(of: texts, threads: 2) {
            #expect(state.allSatisfy(\.isFinite) && state.contains { $0 != 0 })
        }
        #expect(try encoder.pooledStates(of: [], threads: 4).isEmpty)
    }

    @Test func progressCountsEveryNoteOnce() throws {
        let encoder = try NoteEncoder(model: model, reading: Reading(layer: 1, pooling: .mean))
        let seen = Mutex<[Int]>([])
        _ = try encoder.pooledStates(of: Self.texts(12), threads: 3) { done, total in
            seen.withLock { $0.append(total == 12 ? done : -1) }
        }
        #expect(seen.withLock { $0 } == Array(1...12))
    }

    @Test func fieldsAreCutToTheirTokens() {
        let long = String(repeating: "seven quiet words about a cold river ", count: 40)
        let tokenizer = model.tokenizer
        let tokens = NotePrompt().tokens(of: NoteText(title: long, content: long), by: tokenizer)
        #expect(tokens.body.count == 21 + tokenizer.encode(NotePrompt().middle).count + 81)
        #expect(Array(tokens.body.prefix(21)) == Array(tokenizer.encode(" '" + long).prefix(21)))
    }

    @Test func thePapersFormsSayWhatThePaperSays() {
        let note = NoteText(title: "A title", content: "A body.")
        let tokenizer = model.tokenizer
        func text(_ form: NotePrompt.Form, topics: [String]) -> String {
            let tokens = NotePrompt(form).tokens(of: note, topics: topics, by: tokenizer)
            return String(decoding: tokenizer.decode(tokens.prefix + tokens.body + tokens.suffix), as: UTF8.self)
        }
        let start = "Extract the note information in json format, compress it into one word for recommendation, and "
        #expect(
            text(.category, topics: ["hops", "malt"]) == start
                + "generate the category of the note. {'title': 'A title,'topic': 'hops, malt,'content': 'A body.} "
                + "The compression word is:\"")
        #expect(
            text(.topics(3), topics: ["hops"]) == start
                + "generate 3 topics of the note. {'title': 'A title,'content': 'A body.} The compression word is:\"")
        #expect(text(.served, topics: ["hops"]) == text(.served, topics: []))
        #expect(NotePrompt(.topics(3)).topicsLead(3) == "\". The 3 topics are:")
    }

    @Test func aLayerTheModelLacksIsRefused() {
        for layer in [0, model.configuration.layers + 1] {
            #expect {
                try NoteEncoder(model: model, reading: Reading(layer: layer, pooling: .mean))
            } throws: { ($0 as? NoteLLMError)?.kind == .shape }
        }
    }

    @Test func aVersionTakesItsOwnBaseModelAlone() throws {
        var corpus = Corpus(count: 10)
        corpus.states = try NoteEncoder(model: model, reading: Reading(layer: 1, pooling: .mean))
            .pooledStates(of: corpus.notes.map(\.text), threads: 1)
        let version = try corpus.bootstrap { $0.reading = Reading(layer: 1, pooling: .mean) }
        let encoder = try version.makeEncoder(model: model, baseModelSHA256: "base")
        #expect(encoder.reading == version.manifest.reading)
        #expect(try encoder.pooledState(of: corpus.notes[4].text) == corpus.states[4])
        #expect {
            try version.makeEncoder(model: model, baseModelSHA256: "another")
        } throws: { ($0 as? NoteLLMError)?.kind == .shape }
        let narrow = try Corpus(count: 10).bootstrap()
        #expect(throws: NoteLLMError.self) { try narrow.makeEncoder(model: model, baseModelSHA256: "base") }
    }

    /// Notes of very different lengths.
    static func texts(_ count: Int) -> [NoteText] {
        var random = SeededGenerator(seed: 9)
        return (0..<count).map { note in
            let words = (0..<Int.random(in: 0..<90, using: &random)).map { _ in
                ["river", "lamp", "of", "quiet", "7", "über", "bread"].randomElement(using: &random) ?? ""
            }
            return NoteText(title: "Note \(note)", content: words.joined(separator: " "))
        }
    }

    @Test(.enabled(if: SharedData.beer != nil, "the beer log is absent"), .timeLimit(.minutes(20)))
    func hashtagsOfTheBeerNotes() throws {
        let notes = try #require(try BeerNotes()).notes
        let encoder = try NoteEncoder(model: model)
        let states = try encoder.pooledStates(of: notes.map(\.text), threads: 2)
        let cut = notes.count * 8 / 10
        let result = try Bootstrap.run(
            Array(notes[..<cut]), states: Array(states[..<cut]), settings: BootstrapSettings(baseModelSHA256: "base"))
        var recall = 0.0
        for (note, state) in zip(notes, states).dropFirst(cut) {
            let given = Set(note.hashtags)
            let found = result.version.profile(pooled: state, text: note.text).hashtags.map(\.tag)
            recall += Double(given.intersection(found).count) / Double(given.count)
        }
        recall /= Double(notes.count - cut)
        print(
            "beer hashtags: R@5 \(recall) on \(notes.count - cut) later notes; bootstrap of \(result.notes) notes "
                + "\(result.seconds) s, artefact \(result.version.artefact.count) bytes, "
                + "out of fold \(result.version.manifest.metrics)")
        #expect(recall >= 0.60)
    }
}
