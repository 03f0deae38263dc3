import LanguageModel
import NoteLLM
import Support
import Testing

@Suite struct ModelVersionTests {
    let corpus = Corpus(count: 80)
    let version: ModelVersion

    init() throws { version = try corpus.bootstrap { $0.listWeights = ["next": ["age": 0.1, "cosine": -2.5e-7]] } }

    @Test func bytesHoldEverything() throws {
        let read = try ModelVersion(artefact: version.artefact)
        #expect(read.id == version.id && read.id.count == 16)
        #expect(read.manifest == version.manifest && read.artefact == version.artefact)
        #expect(read.manifest.listWeights["next"]?["cosine"] == -2.5e-7)
        #expect(read.hashtags == version.hashtags && read.categories == ["category0", "category1"])
        for (note, state) in zip(corpus.notes, corpus.states) {
            let profile = version.profile(pooled: state, text: note.text)
            #expect(read.profile(pooled: state, text: note.text) == profile)
            #expect(profile.embedding == version.embedding(of: state))
        }
        // Reading and writing again changes no bit.
        let again = try read.with(listWeights: [:])
        let direct = try version.with(listWeights: [:])
        #expect(again.artefact == direct.artefact)
    }

    @Test func otherWeightsAreAnotherVersion() throws {
        let child = try version.with(listWeights: ["related": ["cosine": 1]], metrics: ["mrr": 0.5])
        #expect(child.id != version.id && child.manifest.parent == version.id)
        #expect(child.manifest.metrics["mrr"] == 0.5)
        #expect(child.manifest.metrics["hashtags_recall_at_5"] == version.manifest.metrics["hashtags_recall_at_5"])
        #expect(child.embedding(of: corpus.states[0]) == version.embedding(of: corpus.states[0]))
        #expect { try version.with(listWeights: ["x": ["y": .nan]]) } throws: {
            ($0 as? NoteLLMError)?.kind == .artefact
        }
    }

    @Test func truncatedBytesAreRefused() throws {
        var random = SeededGenerator(seed: 1)
        let bytes = version.artefact
        let lengths =
            [0, 1, 7, 8, 9, 100, bytes.count - 1]
            + (0..<60).map { _ in Int.random(in: 0..<bytes.count, using: &random) }
        for length in lengths {
            #expect { try ModelVersion(artefact: Array(bytes.prefix(length))) } throws: {
                ($0 as? NoteLLMError)?.kind == .artefact
            }
        }
        #expect(throws: NoteLLMError.self) { try ModelVersion(artefact: bytes + [0]) }
        #expect(throws: NoteLLMError.self) {
            try ModelVersion(artefact: [UInt8](repeating: 0, count: ModelVersion.maximumArtefactBytes + 1))
        }
    }

    /// Damage is refused, or gives a version with another id that still works; never a trap.
    @Test func damagedBytesNeverTrap() throws {
        var random = SeededGenerator(seed: 2)
        let header = 8 + Int(version.artefact[0]) + Int(version.artefact[1]) << 8
        for round in 0..<400 {
            var bytes = version.artefact
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                // Half of the damage goes where the structure is.
                let position = Int.random(in: 0..<(round % 2 == 0 ? header : bytes.count), using: &random)
                bytes[position] = UInt8.random(in: 0...255, using: &random)
            }
            guard bytes != version.artefact, let read = try? ModelVersion(artefact: bytes) else { continue }
            #expect(read.id != version.id)
            if read.width == Corpus.width {
                _ = read.profile(pooled: corpus.states[0], text: corpus.notes[0].text)
            }
        }
    }

    @Test func boundsAreKept() throws {
        func changed(_ change: (inout Safetensors) -> Void) throws -> [UInt8] {
            var file = try Safetensors(contents: version.artefact, name: "artefact")
            change(&file)
            return file.encoded()
        }
        #expect(try changed { _ in } == version.artefact)
        let broken = [
            try changed { $0.tensors["lexical.tags"]?.replaceFirst(with: 1_000_000) },
            try changed { $0.tensors["lexical.tags"]?.replaceFirst(with: 0.5) },
            try changed { $0.tensors["lexical.offsets"]?.replaceFirst(with: 3) },
            try changed { $0.tensors["state.means"]?.replaceFirst(with: .nan) },
            try changed { $0.tensors["hashtags.shares"] = .init([1]) },
            try changed { $0.tensors["embedding.projection"] = nil },
            try changed { $0.metadata["hashtags.tags"] = "[]" },
            try changed { $0.metadata["lexical.terms"] = "not JSON" },
            try changed { file in
                let terms = (0..<20_001).map { "\"t\($0)\"" }.joined(separator: ",")
                file.metadata["lexical.terms"] = "[\(terms)]"
            },
            try changed {
                $0.metadata["manifest"] = $0.metadata["manifest"]?
                    .replacing("\"format\":1", with: "\"format\":2")
            },
        ]
        for bytes in broken {
            #expect { try ModelVersion(artefact: bytes) } throws: { ($0 as? NoteLLMError)?.kind == .artefact }
        }
    }

    @Test func chunksComeTogetherInAnyOrder() throws {
        let large = try Self.largeVersion()
        let chunks = large.chunks
        #expect(chunks.count > 1 && chunks.allSatisfy { $0.count <= 512 << 10 })
        #expect(Array(chunks.joined()) == large.artefact)
        var assembly = try ModelAssembly(large.announcement())
        for index in chunks.indices.reversed() {
            #expect(throws: NoteLLMError.self) { try assembly.version() }
            #expect(assembly.missing.contains(index))
            try assembly.add(index, chunks[index])
            try assembly.add(index, chunks[index])
        }
        #expect(assembly.missing.isEmpty)
        #expect(try assembly.version().artefact == large.artefact)
    }

    @Test func tamperedChunksAreRefused() throws {
        var random = SeededGenerator(seed: 4)
        let large = try Self.largeVersion()
        let chunks = large.chunks
        for _ in 0..<12 {
            var assembly = try ModelAssembly(large.announcement())
            let tampered = Int.random(in: chunks.indices, using: &random)
            for (index, chunk) in chunks.enumerated() {
                var bytes = chunk
                if index == tampered {
                    bytes[Int.random(in: bytes.indices, using: &random)] ^=
                        UInt8(1) << UInt8.random(in: 0..<8, using: &random)
                }
                try assembly.add(index, bytes)
            }
            #expect { try assembly.version() } throws: { ($0 as? NoteLLMError)?.kind == .chunks }
        }
        var assembly = try ModelAssembly(large.announcement())
        for (index, bytes) in [(-1, chunks[0]), (chunks.count, chunks[0]), (0, Array(chunks[0].dropLast())), (0, [])] {
            #expect { try assembly.add(index, bytes) } throws: { ($0 as? NoteLLMError)?.kind == .chunks }
        }
    }

    @Test func impossibleAnnouncementsAreRefused() throws {
        let right = try version.announcement()
        for (chunks, bytes) in [(0, 0), (2, right.bytes), (right.chunks, 0), (1, -5), (64, 33 << 20), (.max, .max)] {
            let announcement = ModelAnnouncement(
                version: right.version, manifest: "", chunks: chunks, bytes: bytes, sha256: right.sha256)
            #expect { try ModelAssembly(announcement) } throws: { ($0 as? NoteLLMError)?.kind == .chunks }
        }
        // The right bytes under a wrong name.
        let announcement = ModelAnnouncement(
            version: "0000000000000000", manifest: "", chunks: 1, bytes: right.bytes, sha256: right.sha256)
        var assembly = try ModelAssembly(announcement)
        try assembly.add(0, version.artefact)
        #expect(throws: NoteLLMError.self) { try assembly.version() }
    }

    /// A version of more than one chunk.
    static func largeVersion() throws -> ModelVersion {
        var corpus = Corpus(count: 200)
        corpus.states = corpus.states.map { state in
            (0..<400).map { state[$0 % Corpus.width] + Float($0 / Corpus.width) }
        }
        return try corpus.bootstrap { $0.dimension = 400 }
    }
}

extension Safetensors.Tensor {
    fileprivate mutating func replaceFirst(with value: Float) {
        self = Safetensors.Tensor(shape: shape, values: [value] + values.dropFirst())
    }
}
