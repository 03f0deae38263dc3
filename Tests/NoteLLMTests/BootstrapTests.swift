import NoteLLM
import Support
import Tensors
import Testing

@Suite struct BootstrapTests {
    @Test func learnsWhatNotesAreAbout() throws {
        let corpus = Corpus(count: 200)
        var seen = corpus
        seen.notes.removeLast(50)
        seen.states.removeLast(50)
        let version = try seen.bootstrap()
        var right = 0
        for (note, state) in zip(corpus.notes, corpus.states).dropFirst(150) {
            let profile = version.profile(pooled: state, text: note.text)
            #expect(abs(Vector.norm(profile.embedding) - 1) < 1e-5)
            #expect(
                profile.hashtags.count <= 5
                    && profile.hashtags.map(\.score).sorted(by: >) == profile.hashtags.map(\.score))
            if profile.hashtags.first?.tag == note.hashtags.first, profile.category == note.category { right += 1 }
        }
        #expect(right >= 45)
        #expect(version.manifest.metrics["hashtags_recall_at_5"] ?? 0 > 0.9)
        #expect(version.manifest.metrics["category_accuracy"] ?? 0 > 0.9)
        #expect(version.manifest.baseModelSHA256 == "base" && version.manifest.notes == 150)
    }

    @Test func theSameNotesGiveTheSameVersionInAnyOrder() throws {
        let corpus = Corpus(count: 120)
        let version = try corpus.bootstrap()
        #expect(try corpus.bootstrap().id == version.id)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<3 {
            var shuffled = corpus
            let order = corpus.notes.indices.shuffled(using: &random)
            shuffled.notes = order.map { corpus.notes[$0] }
            shuffled.states = order.map { corpus.states[$0] }
            #expect(try shuffled.bootstrap().artefact == version.artefact)
        }
        var other = corpus
        other.states[7][3] += 0.5
        #expect(try other.bootstrap().id != version.id)
    }

    @Test func duplicatesCountOnceAndTheLatestWins() throws {
        let corpus = Corpus(count: 60)
        var doubled = corpus
        for position in [0, 10, 59] {
            let note = corpus.notes[position]
            doubled.notes.append(
                TrainingNote(text: note.text, hashtags: ["stale"], category: "stale", time: note.time - 1))
            doubled.states.append(corpus.states[position])
        }
        let version = try doubled.bootstrap()
        #expect(version.manifest.notes == 60 && !version.hashtags.contains("stale"))
        var same = corpus
        same.notes += corpus.notes
        same.states += corpus.states
        #expect(try same.bootstrap().artefact == corpus.bootstrap().artefact)
    }

    @Test func twentyNotesAreEnough() throws {
        let corpus = Corpus(count: 20)
        let version = try corpus.bootstrap { $0.dimension = 128 }
        let profile = version.profile(pooled: corpus.states[3], text: corpus.notes[3].text)
        #expect(profile.embedding.count == 128 && profile.embedding.allSatisfy(\.isFinite))
        #expect(profile.hashtags.first?.tag == corpus.notes[3].hashtags.first)
    }

    @Test func notesWithoutLabelsGiveAnEmbeddingAlone() throws {
        let corpus = Corpus(count: 40, hashtags: false, categories: 0)
        let version = try corpus.bootstrap()
        let profile = version.profile(pooled: corpus.states[0], text: corpus.notes[0].text)
        #expect(profile.hashtags.isEmpty && profile.category == nil && profile.categoryScore == 0)
        #expect(version.hashtags.isEmpty && version.categories.isEmpty)
        #expect(version.manifest.hashtags == nil && version.manifest.category == nil)
        #expect(try ModelVersion(artefact: version.artefact).id == version.id)
    }

    @Test func oneCategoryIsEveryNotesCategory() throws {
        let corpus = Corpus(count: 40, categories: 1)
        let version = try corpus.bootstrap()
        let profile = version.profile(pooled: corpus.states[0], text: NoteText(title: "anything"))
        #expect(profile.category == "category0" && profile.categoryScore == 1)
    }

    @Test func anUnsureCategoryIsNotGiven() throws {
        // Categories drawn at random from eight: nothing tells them apart.
        var corpus = Corpus(count: 160)
        var random = SeededGenerator(seed: 8)
        corpus.notes = corpus.notes.map {
            TrainingNote(
                text: $0.text, hashtags: $0.hashtags, category: "c\(Int.random(in: 0..<8, using: &random))",
                time: $0.time)
        }
        let version = try corpus.bootstrap()
        let profiles = zip(corpus.notes, corpus.states).map { version.profile(pooled: $1, text: $0.text) }
        #expect(profiles.count { $0.category == nil } > 100)
        #expect(profiles.allSatisfy { $0.categoryScore > 0 && $0.categoryScore < 0.9 })
        #expect(profiles.allSatisfy { ($0.category == nil) == ($0.categoryScore < 0.35) })
    }

    @Test func someNotesWithoutLabelsDoNoHarm() throws {
        var corpus = Corpus(count: 120)
        corpus.notes = corpus.notes.enumerated().map { position, note in
            position % 3 == 0 ? TrainingNote(text: note.text, time: note.time) : note
        }
        let version = try corpus.bootstrap()
        let profile = version.profile(pooled: corpus.states[1], text: corpus.notes[1].text)
        #expect(profile.hashtags.first?.tag == corpus.notes[1].hashtags.first)
        #expect(profile.category == corpus.notes[1].category)
    }

    @Test func likelihoodsThatHelpAreAskedFor() throws {
        // States say nothing; the likelihoods say everything.
        var corpus = Corpus(count: 100)
        corpus.states = Corpus(count: 100, seed: 99).states
        let labels = Bootstrap.categories(of: corpus.notes)
        let likelihoods = corpus.notes.map { note in labels.map { $0 == note.category ? -1.0 : -9 } }
        let settings = BootstrapSettings(baseModelSHA256: "base", dimension: 8)
        let version = try Bootstrap.run(
            corpus.notes, states: corpus.states, settings: settings, likelihoods: likelihoods
        ).version
        #expect(version.asksForLikelihoods && version.categories == labels)
        for (position, note) in corpus.notes.enumerated() {
            let profile = version.profile(
                pooled: corpus.states[position], text: note.text, labelLikelihoods: likelihoods[position])
            #expect(profile.category == note.category)
        }
        #expect(try !corpus.bootstrap().asksForLikelihoods)
    }

    @Test func laterNotesDoNotReachAVersion() throws {
        // What is judged on later notes must not have seen their labels: a version is made of what it is given, and a
        // profile of state and text.
        let corpus = Corpus(count: 100)
        var seen = corpus
        seen.notes.removeLast(20)
        seen.states.removeLast(20)
        let version = try seen.bootstrap()
        let blank = corpus.notes[95]
        let labelled = TrainingNote(text: blank.text, hashtags: ["unseen"], category: "unseen", time: blank.time)
        #expect(
            version.profile(pooled: corpus.states[95], text: labelled.text)
                == version.profile(pooled: corpus.states[95], text: blank.text))
        #expect(!version.hashtags.contains("unseen"))
    }

    @Test func whatIsNoNameStaysOut() throws {
        var corpus = Corpus(count: 40)
        let long = String(repeating: "x", count: 100_000)
        corpus.notes[3] = TrainingNote(
            text: NoteText(title: long, content: long), hashtags: [long, ""], category: long, time: 3_000)
        let version = try corpus.bootstrap()
        #expect(version.hashtags.allSatisfy { (1...256).contains($0.utf8.count) })
        #expect(version.categories == ["category0", "category1"])
        #expect(version.artefact.count < 1 << 20)
    }

    @Test func aLargeCorpusIsSampledByItsText() throws {
        let corpus = Corpus(count: 300)
        let sample = Bootstrap.sample(corpus.notes, limit: 100)
        #expect(sample.count == 100 && Set(sample).isSubset(of: Set(corpus.notes)))
        #expect(sample.map(\.time) == sample.map(\.time).sorted())
        #expect(Bootstrap.sample(corpus.notes.shuffled(), limit: 100) == sample)
        // Of a corpus grown by a tenth most of the sample stays.
        let grown = Bootstrap.sample(Corpus(count: 330).notes, limit: 100)
        #expect(Set(grown).intersection(sample).count >= 80)
        #expect(try corpus.bootstrap { $0.maximumNotes = 100 }.manifest.notes == 100)
    }

    @Test func versionZeroWritesNoTags() throws {
        let corpus = Corpus(count: 64)
        let settings = BootstrapSettings(baseModelSHA256: "base", dimension: 8)
        let zero = try Bootstrap.versionZero(corpus.notes.map(\.text), states: corpus.states, settings: settings)
        #expect(
            try Bootstrap.versionZero(corpus.notes.map(\.text), states: corpus.states, settings: settings).id == zero.id
        )
        let profile = zero.profile(pooled: corpus.states[0], text: corpus.notes[0].text)
        #expect(profile.hashtags.isEmpty && profile.category == nil && profile.embedding.count == 8)
    }

    @Test func badInputIsNamed() throws {
        let corpus = Corpus(count: 30)
        let settings = BootstrapSettings(baseModelSHA256: "base")
        func kind(_ notes: [TrainingNote], _ states: [[Float]], _ likelihoods: [[Double]]? = nil) -> NoteLLMError.Kind?
        {
            do {
                _ = try Bootstrap.run(notes, states: states, settings: settings, likelihoods: likelihoods)
                return nil
            } catch { return error.kind }
        }
        #expect(kind([], []) == .tooFewNotes)
        #expect(kind(Array(corpus.notes[..<4]), Array(corpus.states[..<4])) == .tooFewNotes)
        #expect(kind(Array(repeating: corpus.notes[0], count: 30), corpus.states) == .tooFewNotes)
        #expect(kind(corpus.notes, corpus.states.dropLast()) == .shape)
        #expect(kind(corpus.notes, corpus.states.dropLast() + [[1, 2]]) == .shape)
        #expect(kind(corpus.notes, corpus.states.dropLast() + [Array(repeating: .nan, count: Corpus.width)]) == .shape)
        #expect(kind(corpus.notes, corpus.states, Array(repeating: [0], count: 30)) == .shape)
        #expect(kind(corpus.notes, Array(repeating: corpus.states[0], count: 30)) == nil)
    }

    @Test func stepsAreReportedInOrder() throws {
        let corpus = Corpus(count: 30)
        var steps: [BootstrapStep] = []
        let result = try Bootstrap.run(
            corpus.notes, states: corpus.states, settings: BootstrapSettings(baseModelSHA256: "base")
        ) { steps.append($0) }
        #expect(steps == BootstrapStep.allCases && result.seconds > 0 && result.notes == 30)
    }
}
