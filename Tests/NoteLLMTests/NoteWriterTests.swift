import Foundation
import LanguageModel
import NoteLLM
import Support
import Testing

private let sharedModel: LanguageModel? = BaseModel.path.flatMap { try? LanguageModel(path: $0) }

@Suite(.enabled(if: sharedModel != nil, "the base model's file is absent"))
struct NoteWriterTests {
    let model: LanguageModel
    let prompt = NotePrompt()
    static let soup = NoteText(
        title: "Grandmother's soup recipe", content: "Boil the carrots, add salt and butter, and serve.")
    static let tags = ["cooking", "soup", "travel", "travel-photography", "recipes", "c++", "software"]

    init() throws { model = try #require(sharedModel) }

    @Test(arguments: [Reading.standard, Reading(layer: 3, pooling: .lastToken), .paper(layers: 30)])
    func theEmbeddingsBitsStayTheSame(_ reading: Reading) throws {
        let writer = try NoteWriter(model: model, reading: reading)
        let encoder = try NoteEncoder(model: model, reading: reading)
        let worker = writer.makeWorker()
        let vocabulary = writer.vocabulary(Self.tags)
        let notes = [Self.soup] + NoteEncoderTests.texts(4)
        for (position, note) in notes.enumerated() {
            #expect(try worker.read(note) == encoder.pooledState(of: note))
            // Whatever was written before, and whether anything was.
            if position == 0 {
                _ = try worker.logLikelihoods(ofHashtags: [0, 3], of: vocabulary, count: 5)
                _ = try worker.hashtags(limit: 2, width: 2, from: vocabulary)
            }
        }
    }

    /// The definition: prompt, lead and text read at once, without cache or tree.
    private func logProbability(
        of note: NoteText, _ lead: String, _ text: [Int32], thenAnyOf closing: [Int32]
    ) throws -> Double {
        let tokens = prompt.tokens(of: note, by: model.tokenizer)
        let start = tokens.prefix + tokens.body + tokens.suffix + model.tokenizer.encode(lead)
        var cache = model.makeCache()
        let states = try model.forward(start + text, cache: &cache, scratch: ForwardScratch())
        let rows = model.logProbabilities(states.rows(start.count - 1..<states.rows))
        let sum = text.enumerated().reduce(0.0) { $0 + Double(rows[$1.offset, Int($1.element)]) }
        return closing.isEmpty ? sum : sum + LogSum.of(closing.map { Double(rows[text.count, Int($0)]) })
    }

    @Test func likelihoodsAndWritingAreTheModelsOwn() throws {
        let writer = try NoteWriter(model: model)
        let worker = writer.makeWorker()
        let vocabulary = writer.vocabulary(Self.tags)
        let form = writer.form
        let closed = form.marks.ends + [form.marks.separator]
        _ = try worker.read(Self.soup)
        let likelihoods = try worker.logLikelihoods(ofHashtags: [6, 1, 3], of: vocabulary, count: 5)
        for (tag, found) in zip(["software", "soup", "travel-photography"], likelihoods) {
            let expected = try logProbability(
                of: Self.soup, prompt.topicsLead(5), form.tokens(of: tag), thenAnyOf: closed)
            #expect(abs(found - expected) < 1e-2)
        }
        #expect(likelihoods[1] > likelihoods[0])

        for width in [1, 3] {
            let written = try worker.hashtags(limit: 3, width: width, from: vocabulary)
            #expect((1...3).contains(written.count) && Set(written.map(\.text)).count == written.count)
            #expect(written.allSatisfy { Self.tags.contains($0.text) })
            var text: [Int32] = []
            for (place, tag) in written.enumerated() {
                text += (place > 0 ? [form.marks.separator] : []) + form.tokens(of: tag.text)
            }
            let isFull = written.count == 3
            let expected = try logProbability(
                of: Self.soup, prompt.topicsLead(3), text, thenAnyOf: isFull ? closed : form.marks.ends)
            #expect(abs(written.reduce(0) { $0 + $1.logProbability } - expected) < 2e-2)
            // The same reading serves again and again.
            #expect(try worker.hashtags(limit: 3, width: width, from: vocabulary) == written)
        }
        let many = try writer.map([Self.soup, NoteText(title: "Hops"), Self.soup], threads: 2) {
            (worker, _) throws(NoteLLMError) in try worker.hashtags(limit: 3, width: 3, from: vocabulary)
        }
        #expect(try many[0] == worker.hashtags(limit: 3, width: 3, from: vocabulary))
        #expect(many[2] == many[0] && many[1] != many[0])
        let free = try worker.hashtags(limit: 4)
        #expect(free.count <= 4 && Set(free.map(\.text)).count == free.count)
        let categories = writer.vocabulary(["food", "travel"])
        #expect(try worker.category(from: categories)?.text == "food")
        for (category, found) in zip(["food", "travel"], try worker.logLikelihoods(ofCategories: categories)) {
            let expected = try logProbability(
                of: Self.soup, prompt.categoryLead, form.tokens(of: category), thenAnyOf: [])
            #expect(abs(found - expected) < 1e-2)
        }
    }

    @Test func nothingIsWrittenForNoNote() throws {
        let worker = try NoteWriter(model: model).makeWorker()
        #expect(throws: NoteLLMError.self) { try worker.hashtags(limit: 2) }
    }

    @Test func theWrittenFormIsReadBack() throws {
        let form = try WrittenForm(model.tokenizer)
        let tokens = form.tokens(of: ["hops", "c++", "new york"])
        #expect(tokens.last == model.tokenizer.endOfText)
        #expect(String(decoding: model.tokenizer.decode(tokens.dropLast()), as: UTF8.self) == " hops, c++, new york")
        #expect(form.tokens(of: [String]()).count == 1)
    }

    @Test func aVersionIsProfiledInOneReading() throws {
        var corpus = Corpus(count: 12)
        let reading = Reading(layer: 2, pooling: .mean)
        let encoder = try NoteEncoder(model: model, reading: reading)
        corpus.states = try encoder.pooledStates(of: corpus.notes.map(\.text), threads: 1)
        let plain = try corpus.bootstrap { $0.reading = reading }
        let text = corpus.notes[4].text
        let profiler = try NoteProfiler(plain, model: model, baseModelSHA256: "base")
        let (pooled, profile) = try profiler.makeWorker().profile(of: text)
        #expect(pooled == corpus.states[4] && profile == plain.profile(pooled: pooled, text: text))
        // A known state is taken as it is.
        let known = try profiler.profiles(of: [(text, corpus.states[5])], threads: 1)
        #expect(known[0].pooled == corpus.states[5])

        let asking = try plain.askingTheLanguageModel()
        #expect(asking.asksForHashtagLikelihoods && asking.asksForLikelihoods)
        let found = try NoteProfiler(asking, model: model, baseModelSHA256: "base").profiles(
            of: [(text, nil)], threads: 2)[0]
        let writer = try NoteWriter(model: model, reading: reading).makeWorker()
        let form = try NoteWriter(model: model, reading: reading)
        _ = try writer.read(text)
        let labels = try writer.logLikelihoods(ofCategories: form.vocabulary(asking.categories))
        let hashtags = try writer.logLikelihoods(
            ofHashtags: asking.hashtagCandidates(pooled: pooled, text: text), of: form.vocabulary(asking.hashtags),
            count: 5)
        #expect(found.pooled == pooled)
        #expect(
            found.profile
                == asking.profile(pooled: pooled, text: text, labelLikelihoods: labels, hashtagLikelihoods: hashtags))
        #expect(found.profile.hashtags != profile.hashtags)
    }
}

extension ModelVersion {
    /// The same version, but that it weighs its hashtags and categories with the language model.
    fileprivate func askingTheLanguageModel() throws -> ModelVersion {
        var file = try Safetensors(contents: artefact, name: "artefact")
        var manifest = manifest
        manifest.hashtags?.generation = 0.5
        manifest.category?.likelihoodWeight = 0.1
        file.metadata["manifest"] = String(decoding: try JSONEncoder().encode(manifest), as: UTF8.self)
        return try ModelVersion(artefact: file.encoded())
    }
}
